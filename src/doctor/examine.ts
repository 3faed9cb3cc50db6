import type { Config, InstanceConfig } from '../config/types.ts';
import { PROOFS_OF_WORK } from '../kawpow/params.ts';
import type { Clock, NodeRpc, RandomSource } from '../mining/ports.ts';
import { createRpcClient } from '../node/rpc-client.ts';
import { journalPath } from '../store/journal-store.ts';
import { createAsker } from './ask-node.ts';
import type { Check, Finding } from './check.ts';
import { examineNode } from './examine-node.ts';
import { hasLightCache, lookAtFolder } from './machine-facts.ts';
import {
  judgeCacheFolder,
  judgeDataFolder,
  judgeInstancePayout,
  judgeNodeJs,
  judgeOwnClock,
  judgePort,
  judgeVerifier,
  judgeWebPort,
  type VerifierFacts,
} from './machine-verdicts.ts';
import { runningInstances } from './running.ts';
import { tryListen } from './tcp.ts';
import { examineCertificate } from './tls-verdicts.ts';
import { type CommonBlock, judgeTogether } from './together.ts';
import { measureVerifier } from './verifier-speed.ts';

export interface ExamineModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Version and platform of Node.js. */
  readonly runtime: { readonly version: string; readonly platform: string };
  /** Shares a second of one thread; src/doctor/verifier-speed.ts when left out. */
  readonly measure?: typeof measureVerifier;
}

/** As many as ravend answers at once (rpcthreads=4): the doctor leaves its queue to those who mine. */
const SOCKETS_MAX = 4;
/** One small question, at nodes that answered greater ones just now. */
const COMMON_MS_MAX = 1_000;

/**
 * Looks at everything between a configuration and a found block, at once where nothing depends on one another. Changes
 * nothing anywhere, and is done within ten seconds.
 * @returns the machine's checks, then each instance's with its nodes'
 */
export async function examine(config: Config, modules: ExamineModules): Promise<Check[]> {
  const { clock, runtime } = modules;
  const { cacheDirectory } = config.verifier;
  const journals = config.instances.map(({ name }) => journalPath(config.dataDirectory, name));
  const running = await runningInstances(config.web, clock);
  const [instances, data, cache, web] = await Promise.all([
    Promise.all(
      config.instances.map((instance) =>
        examineInstance(instance, running?.includes(instance.name) ?? false, config.dataDirectory, modules),
      ),
    ),
    lookAtFolder(config.dataDirectory, journals),
    cacheDirectory === undefined ? undefined : lookAtFolder(cacheDirectory),
    config.web && tryListen(config.web.host, config.web.port),
  ]);
  // At last, since it leaves time for nothing else.
  const verifier = await measured(config, instances, modules);
  const ofMachine = [
    judgeNodeJs(runtime.version, runtime.platform),
    judgeOwnClock(clock.nowMs()),
    judgeDataFolder(data),
    judgeCacheFolder(cache),
    judgeVerifier(verifier),
    judgeWebPort(
      config.web,
      web,
      config.instances.some(({ name }) => running?.includes(name)),
    ),
  ];
  return [...owned(ofMachine, undefined, undefined), ...instances.flatMap(({ checks }) => checks)];
}

interface InstanceExamination {
  readonly instance: InstanceConfig;
  readonly checks: readonly Check[];
  readonly epoch: number | undefined;
}

/** @param runs whether it is one of the KPSS that runs already */
async function examineInstance(
  instance: InstanceConfig,
  runs: boolean,
  dataDirectory: string,
  modules: ExamineModules,
): Promise<InstanceExamination> {
  const { name, stratum, nodes } = instance;
  const { clock } = modules;
  const rpcs = nodes.map(({ url, credentials }) =>
    createRpcClient({ url, credentials, clock, maxSockets: SOCKETS_MAX }),
  );
  const certificates = stratum.ports.map((port) => examineCertificate(port, dataDirectory, clock));
  const [listens, ...alone] = await Promise.all([
    Promise.all(stratum.ports.map(async (port) => ({ port, answer: await tryListen(port.host, port.port) }))),
    ...nodes.map(async (node, i) => {
      const rpc = rpcs[i];
      if (rpc === undefined) throw new Error('each node has its client');
      return { ...(await examineNode(node, instance, { ...modules, rpc })), rpc };
    }),
  ]);
  const examined = await withCommonBlocks(alone, clock);
  for (const rpc of rpcs) rpc.close();
  const ports = listens.map(({ port, answer }) => judgePort('instance.port', port, answer, runs, 'stratum'));
  const ofTls = (await Promise.all(certificates)).flatMap((finding) => finding ?? []);
  const own = [...ports, ...ofTls, judgeInstancePayout(instance)];
  const ofNodes = judgeTogether(examined.map((node, i) => ({ ...node, name: nodes[i]?.name ?? '' })));
  const checks = [
    ...owned(own, name, undefined),
    ...ofNodes.flatMap(({ findings, name: node }) => owned(findings, name, node)),
  ];
  const epoch = examined.find((node) => node.epoch !== undefined)?.epoch;
  return { instance, checks, epoch };
}

/** The newest block that all nodes should have is asked for, where there are several: two blocks can have one height. */
async function withCommonBlocks<T extends { readonly height: number | undefined; readonly rpc: NodeRpc }>(
  nodes: readonly T[],
  clock: Clock,
): Promise<readonly (T & { readonly common: CommonBlock | undefined })[]> {
  const working = nodes.flatMap(({ height }) => height ?? []);
  const height = Math.min(...working) - 1;
  return Promise.all(
    nodes.map(async (node) => {
      if (working.length < 2 || node.height === undefined) return { ...node, common: undefined };
      const ask = createAsker(node.rpc, clock, clock.nowMs() + COMMON_MS_MAX);
      const answer = await ask('getblockhash', [height]);
      const hash = answer.ok && typeof answer.value === 'string' ? answer.value : undefined;
      return { ...node, common: hash === undefined ? undefined : { height, hash } };
    }),
  );
}

/** The first instance whose epoch is known stands for all: they share the threads. */
async function measured(
  { verifier }: Config,
  instances: readonly InstanceExamination[],
  { clock, measure = measureVerifier }: ExamineModules,
): Promise<VerifierFacts | undefined> {
  const known = instances.find(({ epoch }) => epoch !== undefined);
  if (known?.epoch === undefined) return undefined;
  const pow = PROOFS_OF_WORK[known.instance.network.proofOfWork];
  const { epoch } = known;
  const isOff = verifier.cacheDirectory === undefined;
  const cache = isOff ? 'off' : (await hasLightCache(verifier, pow, epoch)) ? 'on-disk' : 'not-yet';
  return { epoch, threads: verifier.threads, cache, sharesPerS: measure(pow, epoch, clock) };
}

function owned(
  findings: readonly Finding[],
  instance: string | undefined,
  node: string | undefined,
): Check[] {
  return findings.map((finding) => ({ ...finding, instance, node }));
}
