import type { RpcError } from '../../src/node/rpc-error.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { createTemplateSource, type TemplateSourceOptions } from '../../src/node/template-source.ts';
import { createKeptLog, createScriptedRpc } from './scripted-rpc.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** Three tips; which block is whose parent does not matter here. */
export const TIP_A = 'aa'.repeat(32);
export const TIP_B = 'bb'.repeat(32);
export const TIP_C = 'cc'.repeat(32);

interface TestTemplate {
  readonly previousBlockHash: string;
  readonly serial: number;
}

/**
 * A template source over a virtual clock and a scripted node whose tip and faults the test sets.
 * @param options of the source besides its callbacks
 */
export function setUpTemplateSource(
  options: Pick<TemplateSourceOptions<never>, 'expectedChain' | 'nodeUrl' | 'isStandby' | 'onTip'> = {},
) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const node: {
    tip: string;
    chain: unknown;
    away?: RpcError;
    noTemplate?: RpcError;
    fault?: string;
    serial: number;
  } = {
    tip: TIP_A,
    chain: 'main',
    serial: 0,
  };
  const rpc = createScriptedRpc((method) => {
    if (node.away !== undefined) throw node.away;
    if (method === 'getbestblockhash') return node.tip;
    if (method === 'getblockchaininfo') return { chain: node.chain };
    if (node.noTemplate !== undefined) throw node.noTemplate;
    return templateFor(node.tip);
  });
  const templateFor = (tip: string) => {
    node.serial += 1;
    return { previousBlockHash: tip, serial: node.serial, fault: node.fault };
  };
  const templates: { tip: string; newTip: boolean; serial: number; atMs: number }[] = [];
  const statuses: NodeStatus[] = [];
  const startMs = clock.nowMs();
  const source = createTemplateSource<TestTemplate>(
    {
      ...options,
      onTemplate: ({ previousBlockHash, serial }, { newTip }) =>
        templates.push({ tip: previousBlockHash, newTip, serial, atMs: clock.nowMs() - startMs }),
      onStatus: (status) => statuses.push(status),
    },
    {
      rpc,
      clock,
      log,
      parseTemplate: (raw) => {
        const { fault, ...template } = raw as TestTemplate & { fault?: string };
        return fault === undefined ? { ok: true, template } : { ok: false, reason: fault };
      },
    },
  );
  const fetches = (): number => rpc.count('getblocktemplate');
  const states = (): string[] => statuses.map(({ state }) => state);
  const served = (): [string, boolean][] => templates.map(({ tip, newTip }) => [tip, newTip]);
  return { clock, log, node, rpc, source, templates, templateFor, statuses, states, served, fetches };
}
