import type { Network } from '../chain/coins.ts';
import type { NodeConfig } from '../config/types.ts';
import { chainProblem } from '../node/chain-check.ts';
import { downloadText } from '../node/download.ts';
import { isRecord } from '../node/json.ts';
import { readFacts, versionText } from '../node/node-facts.ts';
import { versionTrouble } from '../node/node-version.ts';
import { RpcError, type RpcErrorKind } from '../node/rpc-error.ts';
import type { Answer, NodeAnswers } from './ask-node.ts';
import { type Finding, failure, green, NEXT_SENTENCE, red, skipped, wordsOf, yellow } from './check.ts';

/** Kinds of failure that show the node is there, and only lets us not in. */
const REFUSES_US: ReadonlySet<RpcErrorKind> = new Set(['unauthorized', 'cookie', 'forbidden']);
/** A block or two behind the headers is a block on its way; from here on it is a download. */
const BEHIND_BLOCKS_MAX = 2;
/** ravend itself calls a tip that is older "downloading". Source: Ravencoin Core, DEFAULT_MAX_TIP_AGE */
const TIP_AGE_S_MAX = 24 * 3600;
/** With fewer, one that leaves or lies is felt: a block spreads slower than that of another miner. */
const PEERS_WISHED = 3;
/** As src/node/p2p-peer.ts and p2p-probe.ts introduce themselves. */
const OUR_SUBVERSION = /^\/KPSS(?:-doctor\/|:)/;

/** How the node took its first question. */
export function judgeFirst(
  first: Answer,
  isOpen: boolean,
  { url, credentials }: Pick<NodeConfig, 'url' | 'credentials'>,
): Finding[] {
  if (first.ok) {
    const how =
      credentials.kind === 'cookie'
        ? `The cookie ${credentials.path} is accepted.`
        : `User ${credentials.user} and the password are accepted.`;
    return [
      green('node.answers', `The node at ${url} answers within ${msText(first.tookMs)}.`),
      green('node.login', how),
    ];
  }
  const { error } = first;
  if (!(error instanceof RpcError) || !REFUSES_US.has(error.kind))
    return [failure('node.answers', error), skipped('node.login', 'the node does not answer')];
  if (error.kind === 'cookie' && !isOpen) {
    return [
      red(
        'node.answers',
        `Nothing answers at ${url}: ${error.message}, and the port is closed.`,
        'Start ravend, with server=1 in its raven.conf, and look again; if it runs, host and port are wrong.',
      ),
      skipped('node.login', 'the node does not answer'),
    ];
  }
  return [green('node.answers', `Something answers at ${url}.`), failure('node.login', error)];
}

export function judgeVersion(answer: Answer, network: Network): Finding {
  if (!answer.ok) {
    const { sentence, cure } = wordsOf(answer.error);
    return yellow('node.version', `The node’s version is not known: ${sentence}`, cure);
  }
  const version = isRecord(answer.value) ? answer.value.version : undefined;
  if (typeof version !== 'number') return skipped('node.version', 'the node does not tell its version');
  const name = `The node’s version is ${versionText(version)}`;
  const trouble = versionTrouble(network, version);
  if (trouble !== undefined) return yellow('node.version', trouble.sentence, trouble.cure);
  const isOld = versionTrouble({ coin: network.coin, name: 'main' }, version) !== undefined;
  return green('node.version', `${name}${isOld ? '; on the mainnet 4.8.0 or later would be needed' : ''}.`);
}

export function judgeNetwork(answer: Answer, network: Network, url: string): Finding {
  if (!answer.ok) return failure('node.network', answer.error);
  try {
    const problem = chainProblem(answer.value, network.name, url);
    if (problem === undefined) return green('node.network', `It is on ${network.coin} ${network.name}.`);
    const [sentence = '', cure = ''] = problem.sentence.split(NEXT_SENTENCE);
    return red('node.network', sentence, cure);
  } catch (error) {
    return failure('node.network', error);
  }
}

/** The network that a node is on, as it says. */
function chainOf({ chain }: NodeAnswers): unknown {
  return chain.ok && isRecord(chain.value) ? chain.value.chain : undefined;
}

/** @param nowMs by our clock */
export function judgeSynced(answers: NodeAnswers, nowMs: number): Finding {
  const { chain, template } = answers;
  if (!chain.ok) return failure('node.synced', chain.error);
  const info = isRecord(chain.value) ? chain.value : {};
  const { blocks, headers, mediantime, initialblockdownload } = info;
  if (typeof blocks !== 'number' || typeof headers !== 'number')
    return skipped('node.synced', 'the node does not tell its number of blocks');
  const isDownloading =
    initialblockdownload === true ||
    (!template.ok && template.error instanceof RpcError && template.error.kind === 'downloading');
  const wait =
    'Wait until it is done; the first time it takes hours. KPSS may be started meanwhile, and waits too.';
  if (isDownloading || headers - blocks > BEHIND_BLOCKS_MAX) {
    const { progress } = readFacts(info, undefined);
    const text = `The node is downloading the chain: ${shareText(progress, blocks, headers)}.`;
    return red('node.synced', text, wait);
  }
  const age = typeof mediantime === 'number' ? nowMs / 1000 - mediantime : 0;
  if (chainOf(answers) !== 'regtest' && age > TIP_AGE_S_MAX) {
    const days = (age / 86_400).toFixed(1);
    return yellow(
      'node.synced',
      `The node’s last block is ${days} days old, though it has all ${headers} blocks that it knows of.`,
      'See whether other nodes have newer blocks; if they have, restart this one and look at its peers.',
    );
  }
  return green(
    'node.synced',
    blocks === 0 ? 'It has no block yet but the first.' : `It has all ${blocks} blocks.`,
  );
}

/** `43 % (1000 of 2312 blocks)`; a node that knows no headers yet does not know how far it is. */
function shareText(progress: number | undefined, blocks: number, headers: number): string {
  if (headers <= blocks || progress === undefined)
    return `it has ${blocks} blocks and does not know yet how many there are`;
  return `${downloadText({ progress, leftMs: undefined })} (${blocks} of ${headers} blocks)`;
}

export function judgePeers(answers: NodeAnswers): Finding {
  const { peers, network: info, template } = answers;
  const connections = info.ok && isRecord(info.value) ? info.value.connections : undefined;
  const listed: unknown[] | undefined = peers.ok && Array.isArray(peers.value) ? peers.value : undefined;
  // On regtest ravend wants somebody there, no matter who.
  const others = chainOf(answers) === 'regtest' ? listed : listed?.filter((peer) => !isOurs(peer));
  const count = others?.length ?? connections;
  if (!peers.ok && typeof count !== 'number') {
    const { sentence, cure } = wordsOf(peers.error);
    return yellow('node.peers', sentence, cure);
  }
  const hasNone =
    !template.ok && template.error instanceof RpcError && template.error.kind === 'not-connected';
  if (hasNone || count === 0) {
    const sentence = 'The node has no connection to other nodes: no block would reach the network.';
    return red(
      'node.peers',
      sentence,
      'Check its internet connection and firewall; after a start it takes a minute or two. A node whose raven.conf has connect= stays alone with what that names.',
    );
  }
  if (typeof count !== 'number') return skipped('node.peers', 'the node does not tell its number of peers');
  const text = count === 1 ? 'one other node' : `${count} other nodes`;
  if (chainOf(answers) !== 'main' || count >= PEERS_WISHED)
    return green('node.peers', `It is connected to ${text}.`);
  return yellow(
    'node.peers',
    `It is connected to ${text} only: a found block would spread slowly, and lose against another one.`,
    'Wait if it has just started; else look at its internet connection and firewall.',
  );
}

/** A KPSS that runs, or a doctor, is a peer to ravend as any; but it passes no block on. */
function isOurs(peer: unknown): boolean {
  return isRecord(peer) && typeof peer.subver === 'string' && OUR_SUBVERSION.test(peer.subver);
}

function msText(ms: number): string {
  return ms < 10 ? `${Math.max(0.1, ms).toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
