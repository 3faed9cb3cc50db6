import { Counter, Gauge, Registry } from 'prom-client';
import type { ApiInstance, ApiNode, ApiStatus } from './api-types.ts';

/** One number and what it is of. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** null is left out: not known is not zero. */
  readonly value: number | null;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: 'gauge' | 'counter';
  readonly read: (status: ApiStatus) => readonly Sample[];
}

const whole = (read: (status: ApiStatus) => number | null): Metric['read'] => {
  return (status) => [{ labels: {}, value: read(status) }];
};

const perInstance = (read: (instance: ApiInstance) => number | null): Metric['read'] => {
  return ({ instances }) =>
    instances.map((instance) => ({ labels: { instance: instance.name }, value: read(instance) }));
};

const perNode = (read: (node: ApiNode) => number | null): Metric['read'] => {
  return ({ instances }) =>
    instances.flatMap(({ name, nodes }) =>
      nodes.map((node) => ({ labels: { instance: name, node: node.name }, value: read(node) })),
    );
};

const perSignal = (read: (signal: ApiInstance['signals'][number]) => number): Metric['read'] => {
  return ({ instances }) =>
    instances.flatMap(({ name, signals }) =>
      signals.map((signal) => ({
        labels: { instance: name, signal: signal.signal },
        value: read(signal),
      })),
    );
};

const perReason: Metric['read'] = ({ instances }) =>
  instances.flatMap(({ name, shares }) =>
    Object.entries(shares.byReason).map(([reason, value]) => ({ labels: { instance: name, reason }, value })),
  );

const perRefusal: Metric['read'] = ({ instances }) =>
  instances.flatMap(({ name, door }) =>
    Object.entries(door?.byReason ?? {}).map(([reason, value]) => ({
      labels: { instance: name, reason },
      value,
    })),
  );

const oneIf = (holds: boolean): number => (holds ? 1 : 0);
const seconds = (time: string | null): number | null => (time === null ? null : Date.parse(time) / 1000);

function gauge(name: string, help: string, read: Metric['read']): Metric {
  return { name, help, kind: 'gauge', read };
}

function counter(name: string, help: string, read: Metric['read']): Metric {
  return { name, help, kind: 'counter', read };
}

/** Every metric there is. docs/metrics.md lists them, and a test holds one against the other. */
export const METRICS: readonly Metric[] = [
  gauge(
    'kpss_start_time_seconds',
    'When KPSS was started, Unix time',
    whole((s) => seconds(s.startedAt)),
  ),
  gauge(
    'kpss_verifier_queued',
    'Shares that wait for a thread',
    whole((s) => s.verifier.queued),
  ),
  counter(
    'kpss_verifier_verified_total',
    'Shares checked',
    whole((s) => s.verifier.verified),
  ),
  counter(
    'kpss_verifier_shed_total',
    'Shares taken on trust',
    whole((s) => s.verifier.shed),
  ),

  gauge(
    'kpss_mining',
    '1 while miners work on a present block',
    perInstance((i) => oneIf(i.state === 'mining')),
  ),
  gauge(
    'kpss_block_height',
    'Height of the block that is being mined',
    perInstance((i) => i.height),
  ),
  gauge(
    'kpss_network_difficulty',
    'Of the block that is being mined',
    perInstance((i) => i.difficulty),
  ),
  gauge(
    'kpss_template_age_seconds',
    'Since the present template came',
    perInstance((i) => i.template?.ageS ?? null),
  ),
  gauge(
    'kpss_work_proved',
    '1 when a node called the work valid, 0 when it refused it; left out while nobody knows',
    perInstance((i) => (i.proof.state === 'unknown' ? null : oneIf(i.proof.state === 'proved'))),
  ),
  gauge(
    'kpss_work_last_proved_timestamp_seconds',
    'When a node last called the work valid, Unix time',
    perInstance((i) => seconds(i.proof.lastProvedAt)),
  ),
  gauge(
    'kpss_journal_failing',
    '1 while found blocks cannot be written down',
    perInstance((i) => oneIf(i.journal.state === 'failing')),
  ),
  gauge(
    'kpss_throttle_holding',
    '1 while the throttle lets no block out',
    perInstance((i) => oneIf(i.throttle?.state === 'holding')),
  ),
  gauge(
    'kpss_miners',
    'Miners that are logged in',
    perInstance((i) => i.miners.count),
  ),
  gauge(
    'kpss_hashrate',
    'Hashes a second of all miners, from their shares',
    perInstance((i) => i.miners.hashesPerS),
  ),
  gauge(
    'kpss_bans',
    'Addresses that are shut out',
    perInstance((i) => i.bans),
  ),
  gauge(
    'kpss_connections',
    'Connections that are in, logged in or not',
    perInstance((i) => i.door?.connections ?? null),
  ),
  counter('kpss_connections_refused_total', 'Connections not let in, by reason', perRefusal),
  counter(
    'kpss_shares_accepted_total',
    'Shares accepted',
    perInstance((i) => i.shares.accepted),
  ),
  counter('kpss_shares_rejected_total', 'Shares rejected, by reason', perReason),
  counter(
    'kpss_blocks_found_total',
    'Candidates handed in',
    perInstance((i) => i.shares.blocksFound),
  ),
  counter(
    'kpss_blocks_accepted_total',
    'Blocks that a node accepted',
    perInstance((i) => i.shares.blocksAccepted),
  ),

  gauge(
    'kpss_node_ready',
    '1 while the node gives templates',
    perNode((n) => oneIf(n.state === 'ready')),
  ),
  gauge(
    'kpss_node_source',
    '1 for the node whose templates are mined on',
    perNode((n) => oneIf(n.isSource)),
  ),
  gauge(
    'kpss_node_height',
    'Of its tip',
    perNode((n) => n.height),
  ),
  gauge(
    'kpss_node_behind_blocks',
    'Behind the node that gives the work',
    perNode((n) => n.behindBlocks),
  ),
  gauge(
    'kpss_node_peers',
    'Other nodes that it is connected to',
    perNode((n) => n.peers),
  ),
  gauge(
    'kpss_node_latency_seconds',
    'From a question to its answer',
    perNode((n) => (n.latencyMs === null ? null : n.latencyMs / 1000)),
  ),

  counter(
    'kpss_tips_first_total',
    'New tips that this signal told first',
    perSignal((s) => s.first),
  ),
  counter(
    'kpss_tips_told_total',
    'New tips that this signal told',
    perSignal((s) => s.tips),
  ),
];

/** The status as Prometheus reads it (text format 0.0.4). */
export function metricsText(status: ApiStatus): Promise<string> {
  // Made anew each time: what is gone, such as a node of another configuration, leaves nothing behind.
  const registry = new Registry();
  for (const { name, help, kind, read } of METRICS) {
    const samples = read(status).filter(({ value }) => value !== null);
    // Without one prom-client would say 0.
    if (samples.length === 0) continue;
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const options = { name, help, labelNames, registers: [registry] };
    const metric = kind === 'gauge' ? new Gauge(options) : new Counter(options);
    for (const { labels, value } of samples) metric.inc(labels, value ?? 0);
  }
  return registry.metrics();
}

/** For the answer's head. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
