import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiStatus } from '../../test/support/api-status.ts';
import type { ApiInstance, ApiStatus } from './api-types.ts';
import { METRICS, metricsText } from './metrics.ts';

function withInstance(changes: Partial<ApiInstance>): ApiStatus {
  const status = apiStatus();
  const [first] = status.instances;
  assert.ok(first);
  return { ...status, instances: [{ ...first, ...changes }] };
}

/** Lines of a metric without its help. */
async function linesOf(name: string, status: ApiStatus): Promise<string[]> {
  const text = await metricsText(status);
  return text.split('\n').filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)));
}

test('a node that refuses the work shows, and so does one that nobody has asked', async () => {
  const { proof, name } = apiStatus().instances[0] ?? assert.fail();
  const of = (state: ApiInstance['proof']['state']) =>
    linesOf('kpss_work_proved', withInstance({ proof: { ...proof, state } }));
  assert.deepEqual(await of('proved'), [`kpss_work_proved{instance="${name}"} 1`]);
  assert.deepEqual(await of('refused'), [`kpss_work_proved{instance="${name}"} 0`]);
  assert.deepEqual(await of('unknown'), []);
});

test('each node, signal and reason has a line of its own', async () => {
  const status = apiStatus();
  const [instance] = status.instances;
  assert.ok(instance);
  assert.equal(
    (await linesOf('kpss_node_ready', status)).length,
    status.instances.flatMap((i) => i.nodes).length,
  );
  assert.equal((await linesOf('kpss_tips_told_total', withInstance({}))).length, instance.signals.length);
  const rejected = { ...instance.shares, byReason: { stale: 3, duplicate: 1 } };
  assert.deepEqual(await linesOf('kpss_shares_rejected_total', withInstance({ shares: rejected })), [
    `kpss_shares_rejected_total{instance="${instance.name}",reason="stale"} 3`,
    `kpss_shares_rejected_total{instance="${instance.name}",reason="duplicate"} 1`,
  ]);
});

test('names with quotes and newlines stay within their labels', async () => {
  const [node] = apiStatus().instances[0]?.nodes ?? [];
  assert.ok(node);
  const nodes = [{ ...node, name: 'a"b\nc' }];
  const [line] = await linesOf('kpss_node_ready', withInstance({ nodes }));
  assert.match(line ?? '', /node="a\\"b\\nc"/);
});

test('docs/metrics.md lists the metrics, all of them and no others', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(kpss_\w+)` \| (gauge|counter) \|/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  );
  assert.deepEqual(listed.toSorted(), METRICS.map(({ name, kind }) => `${name} ${kind}`).toSorted());
});
