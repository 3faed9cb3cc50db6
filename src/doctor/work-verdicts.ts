import { decodeAddress } from '../chain/address.ts';
import { bytesToHex } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import { formatCoins } from '../chain/payout.ts';
import type { TemplateResult } from '../mining/template.ts';
import { isRecord } from '../node/json.ts';
import { classifyProposal, classifyProposalFailure, explainRefusal } from '../node/proposal-verdict.ts';
import { RpcError } from '../node/rpc-error.ts';
import { badTemplate } from '../node/status.ts';
import type { Answer, NodeAnswers } from './ask-node.ts';
import { type Finding, failureAmongAnswers, green, red, skipped, wordsOf, yellow } from './check.ts';

/** @param parsed undefined where there was no answer to parse */
export function judgeTemplate(answer: Answer, parsed: TemplateResult | undefined, network: Network): Finding {
  if (!answer.ok) return failureAmongAnswers('node.template', answer.error);
  if (parsed === undefined) return skipped('node.template', 'the node gave none');
  if (!parsed.ok) {
    const [sentence = '', cure = ''] = badTemplate(parsed.reason).sentence.split(/(?<=\.) (?=Check)/);
    return red('node.template', sentence, cure.replace(' KPSS asks again.', ''));
  }
  const { height, transactions, coinbaseValueSat } = parsed.template;
  const count = transactions.length === 1 ? '1 transaction' : `${transactions.length} transactions`;
  const pays = `${formatCoins(coinbaseValueSat)} ${network.ticker}`;
  return green('node.template', `It is complete: block ${height} with ${count}, worth ${pays}.`);
}

/** ravend adds a header of its own to templates where raven.conf names an address; KPSS makes its own. */
export function judgeMiningAddress(answer: Answer): Finding {
  if (!answer.ok || !isRecord(answer.value)) return skipped('node.miningaddress', 'there is no template');
  const isSet = Object.hasOwn(answer.value, 'pprpcheader');
  const state = isSet
    ? 'It is set in raven.conf. KPSS does not need it and does not use it: blocks pay as the payout here says.'
    : 'It is not set in raven.conf, and need not be.';
  return green('node.miningaddress', state);
}

/** What the node thinks of the addresses that blocks pay. */
export function judgePayout({ addresses }: Pick<NodeAnswers, 'addresses'>, network: Network): Finding {
  const id = 'node.payout';
  if (addresses.length === 0)
    return green(id, 'Blocks pay the address that each miner logs in with; the node is asked about none.');
  const findings = addresses.map(({ address, answer }) => judgeAddress(address, answer, network));
  const worst =
    findings.find(({ verdict }) => verdict === 'red') ?? findings.find(({ verdict }) => verdict === 'yellow');
  if (worst !== undefined) return worst;
  const [first] = findings;
  if (first !== undefined && findings.length === 1) return first;
  return green(id, `The node finds all ${findings.length} addresses valid.`);
}

function judgeAddress(address: string, answer: Answer, network: Network): Finding {
  const id = 'node.payout';
  if (!answer.ok) {
    const { sentence, cure } = wordsOf(answer.error);
    return yellow(id, `Whether ${address} is valid could not be asked: ${sentence}`, cure);
  }
  const said = isRecord(answer.value) ? answer.value : {};
  if (said.isvalid !== true) {
    return red(
      id,
      `The node says that ${address} is no valid address.`,
      `Is it a node of ${network.coin} ${network.name}? Put an address that this node’s wallet (getnewaddress) or yours shows into payout.`,
    );
  }
  const decoded = decodeAddress(address, network);
  const script = decoded.ok ? bytesToHex(decoded.script) : undefined;
  if (typeof said.scriptPubKey === 'string' && said.scriptPubKey.toLowerCase() !== script) {
    return red(
      id,
      `The node would pay ${address} by another script than KPSS does.`,
      'Do not mine with this address. Please report it, with the coin and the address.',
    );
  }
  const whose = said.ismine === true ? ', and it is in the node’s own wallet' : '';
  if (said.isscript !== true) return green(id, `The node finds ${address} valid${whose}.`);
  return yellow(
    id,
    `${address} pays to a script (P2SH)${whose}. Blocks may do that, but few miners do.`,
    'Be sure that you hold the keys of that script, and have spent from it before; else take an ordinary address.',
  );
}

/** ravend's RPC_INVALID_PARAMETER. */
const INVALID_PARAMETER = -8;
const NOT_CHECKED = yellow(
  'node.proposal',
  'The node does not check blocks beforehand (getblocktemplate’s proposal mode).',
  'Nothing needs to be done: whether a found block is valid shows when there is one.',
);

function isUnknownMode(error: unknown): boolean {
  return error instanceof RpcError && error.rpcCode === INVALID_PARAMETER;
}

/** Whether the tip moved while a block was proposed, so that nothing was said of it. */
export function isOutdated(answer: Answer): boolean {
  return answer.ok && classifyProposal(answer.value).kind === 'outdated';
}

/**
 * Whether the node would take a block of this instance.
 * @param answer to the proposal; undefined where none could be made
 */
export function judgeProposal(answer: Answer | undefined): Finding {
  const id = 'node.proposal';
  if (answer === undefined) return skipped(id, 'there is no template to make a block of');
  if (!answer.ok && isUnknownMode(answer.error)) return NOT_CHECKED;
  const verdict = answer.ok ? classifyProposal(answer.value) : classifyProposalFailure(answer.error);
  switch (verdict.kind) {
    case 'proved':
      return green(id, 'A block made as the instance would make it is valid, but for its proof of work.');
    case 'outdated': {
      const sentence = `The tip changed each time a block was proposed, so that nothing was learnt (${verdict.reason}).`;
      return yellow(id, sentence, 'Look again in a minute; if it stays so, look into the node’s debug.log.');
    }
    case 'refused': {
      const [sentence = '', cure = ''] = explainRefusal(verdict.reason).split(/(?<=\.) (?=[A-Z])/);
      return red(id, `The node would refuse a found block: ${sentence}`, cure);
    }
    case 'no-answer':
      return answer.ok ? NOT_CHECKED : failureAmongAnswers(id, answer.error);
  }
}
