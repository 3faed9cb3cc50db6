/** What the choice needs to know of a node. */
export interface NodeView {
  /** It answers in time, is on the right network, and its last template was good. */
  readonly isHealthy: boolean;
  readonly healthySinceMs: number;
  readonly tip: string | undefined;
  /** Healthy, and its newest template builds on its tip. */
  readonly isReady: boolean;
}

/** What the miners work on. */
export interface Serving {
  /** Index of the node whose templates they have; undefined before the first. */
  readonly source: number | undefined;
  /** The tip that their work builds on. */
  readonly tip: string | undefined;
  /** When the source's health ended; undefined while it is healthy. */
  readonly lostAtMs: number | undefined;
}

/** A node that was away has to stay this long before the priority brings it back: it may be in a loop of restarts. */
const RETURN_AFTER_MS = 10_000;
/**
 * With the source lost and no other node on its tip. Work on it stays valid, a block takes the others seconds to hear
 * of, and the source may only restart; much longer, and the tip may be one that the network never saw.
 */
const GO_BACK_AFTER_MS = 10_000;

/**
 * Whose templates the miners get: those of the best node on the best tip, and of the present one while another would
 * not be better.
 * @param views best priority first
 * @param compare of two tips: above 0 when the first is surely ahead, 0 when that is not known
 * @returns an index into `views`, or undefined when none can give templates yet
 */
export function chooseSource(
  views: readonly NodeView[],
  serving: Serving,
  compare: (first: string, second: string) => number,
  nowMs: number,
): number | undefined {
  const best = bestOf(views, compare);
  if (best === undefined) return serving.source;
  const source = serving.source === undefined ? undefined : views[serving.source];
  if (source === undefined) return best;
  return source.isHealthy
    ? besideHealthy(views, best, serving, compare, nowMs)
    : insteadOfLost(views, best, serving, compare, nowMs);
}

function bestOf(
  views: readonly NodeView[],
  compare: (first: string, second: string) => number,
): number | undefined {
  let best: number | undefined;
  for (const [index, view] of views.entries()) {
    if (!view.isReady) continue;
    const bestTip = best === undefined ? undefined : views[best]?.tip;
    if (best === undefined || compare(view.tip ?? '', bestTip ?? '') > 0) best = index;
  }
  return best;
}

function besideHealthy(
  views: readonly NodeView[],
  best: number,
  serving: Serving,
  compare: (first: string, second: string) => number,
  nowMs: number,
): number | undefined {
  const source = views[serving.source ?? best];
  if (source?.tip === undefined) return best;
  if (compare(views[best]?.tip ?? '', source.tip) > 0) return best;
  const onItsTip = views.findIndex((view) => view.isReady && view.tip === source.tip);
  const other = views[onItsTip];
  if (other === undefined) return serving.source;
  // It has seen a tip and not given the template yet; another has.
  if (!source.isReady) return source.tip === serving.tip ? serving.source : onItsTip;
  const isBetter = onItsTip < (serving.source ?? 0) && nowMs - other.healthySinceMs >= RETURN_AFTER_MS;
  return isBetter ? onItsTip : serving.source;
}

function insteadOfLost(
  views: readonly NodeView[],
  best: number,
  { source, tip, lostAtMs }: Serving,
  compare: (first: string, second: string) => number,
  nowMs: number,
): number | undefined {
  if (tip === undefined || compare(views[best]?.tip ?? '', tip) > 0) return best;
  const onOurTip = views.findIndex((view) => view.isReady && view.tip === tip);
  if (onOurTip >= 0) return onOurTip;
  return nowMs - (lostAtMs ?? nowMs) >= GO_BACK_AFTER_MS ? best : source;
}
