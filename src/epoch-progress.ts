import type { Progress } from './cli/progress.ts';
import type { VerifierEvent } from './kawpow/pool.ts';

/** Whose light caches need no other name than their epoch. */
const USUAL_POW = 'kawpow';

/** Shows the light caches that a verifier builds. */
export interface EpochWatch {
  onEvent(event: VerifierEvent): void;
  /** The verifier is closed: nothing is being built any more. */
  end(): void;
}

/** @param progress where it is shown */
export function watchEpochs(progress: Progress): EpochWatch {
  const building = new Set<string>();
  const show = (label: string, fraction: number): void => {
    building.add(label);
    progress.show(label, fraction);
  };
  const done = (label: string): void => {
    if (building.delete(label)) progress.done(label);
  };
  return {
    onEvent(event) {
      switch (event.kind) {
        case 'epoch-building':
          return show(labelOf(event), 0);
        case 'epoch-progress':
          return show(labelOf(event), event.fraction);
        case 'epoch-ready':
        case 'epoch-failed':
        case 'epoch-dropped':
          return done(labelOf(event));
        case 'dag-building':
          return show(dagLabelOf(event), 0);
        case 'dag-progress':
          return show(dagLabelOf(event), event.progress);
        case 'dag-ready':
        case 'dag-failed':
        case 'dag-dropped':
          return done(dagLabelOf(event));
        case 'dag-refused':
        case 'cache-file':
        case 'overload':
        case 'worker-crashed':
          return;
        default:
          event satisfies never;
      }
    },
    end() {
      for (const label of building) done(label);
    },
  };
}

interface OfEpoch {
  readonly pow: string;
  readonly epoch: number;
}

function labelOf(of: OfEpoch): string {
  return `light cache of ${epochText(of)}`;
}

function dagLabelOf(of: OfEpoch): string {
  return `DAG of ${epochText(of)}`;
}

/** What an epoch is called before people. */
export function epochText({ pow, epoch }: OfEpoch): string {
  return `epoch ${epoch}${pow === USUAL_POW ? '' : ` (${pow})`}`;
}
