import { isRecord } from '../node/json.ts';
import type { NodeAnswers } from './ask-node.ts';
import { type Finding, green, red, skipped, yellow } from './check.ts';

/** A template's time comes in whole seconds and may be some seconds old: less than this is no news. */
const OFF_S_WARN = 30;
/**
 * A block whose time is further ahead of a node's clock is refused by it. Source: Ravencoin Core, MAX_FUTURE_BLOCK_TIME_DGW
 */
const OFF_S_MAX = 720;
const CURE = 'Have both machines set their clocks by themselves (NTP; on Linux: timedatectl set-ntp true).';

/**
 * The node's time, which is the time that blocks get, beside ours. The template's curtime is taken: it is what goes into
 * the block, and every version tells it.
 */
export function judgeNodeClock({ template, network }: NodeAnswers): Finding {
  if (!template.ok || !isRecord(template.value))
    return skipped('node.clock', 'there is no template to tell its time');
  const { curtime, mintime } = template.value;
  if (typeof curtime !== 'number') return skipped('node.clock', 'the template has no time');
  const aheadS = curtime - Math.floor(template.atMs / 1000);
  // The chain's own time wins over the node's clock where that is behind; then it says nothing about the clock.
  if (curtime === mintime && aheadS > 0)
    return skipped('node.clock', 'the chain’s own time is ahead of all clocks');
  const offset = network.ok && isRecord(network.value) ? network.value.timeoffset : undefined;
  const toPeersS = typeof offset === 'number' ? offset : 0;
  const sentence = `The node’s clock is ${aheadText(aheadS, 'this machine’s')}${peersText(toPeersS)}.`;
  if (Math.abs(aheadS) > OFF_S_MAX) {
    const why =
      aheadS > 0
        ? 'A block whose time is more than 720 s ahead is refused by the network.'
        : 'To this node the network’s blocks are more than 720 s ahead: it refuses them, and stays behind.';
    return red('node.clock', sentence, `${why} ${CURE}`);
  }
  if (Math.abs(aheadS) > OFF_S_WARN || Math.abs(toPeersS) > OFF_S_WARN)
    return yellow('node.clock', sentence, CURE);
  return green('node.clock', aheadS === 0 ? 'The node’s clock is right to the second.' : sentence);
}

function aheadText(aheadS: number, whose: string): string {
  if (aheadS === 0) return `that of ${whose === 'this machine’s' ? 'this machine' : whose}`;
  const way = aheadS > 0 ? 'ahead of' : 'behind';
  return `${Math.abs(aheadS)} s ${way} ${whose}`;
}

/** @param offsetS what the peers' clocks are ahead of the node's, in their middle */
function peersText(offsetS: number): string {
  if (Math.abs(offsetS) <= OFF_S_WARN) return '';
  return `, and ${aheadText(-offsetS, 'its peers’')}`;
}
