import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultReply, startReplayNode } from '../../test/support/replay-node.ts';
import { systemClock } from '../clock.ts';
import { createRpcClient } from './rpc-client.ts';
import { RpcError } from './rpc-error.ts';

test('an answer longer than the call allows is garbage; the next call may have a long one', async () => {
  const node = await startReplayNode(({ id }) => resultReply(id, 'f'.repeat(100_000)));
  const credentials = { kind: 'password', user: 'a', password: 'b' } as const;
  const client = createRpcClient({ url: node.url, credentials, clock: systemClock });
  await assert.rejects(
    client.call('getbestblockhash', [], { answerBytesMax: 50_000 }),
    (error) =>
      error instanceof RpcError && error.kind === 'garbage' && /more than 50000 bytes/.test(error.message),
  );
  assert.equal(String(await client.call('getblock')).length, 100_000);
  client.close();
  await node.close();
});
