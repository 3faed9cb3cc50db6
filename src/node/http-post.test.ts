import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reply, startReplayNode } from '../../test/support/replay-node.ts';
import { createAgent, type PostResult, post } from './http-post.ts';

const BODY = Buffer.from('{"id":1}');

async function answerOf(text: string): Promise<PostResult> {
  const reply: Reply = { status: 200, text };
  const node = await startReplayNode(() => reply);
  const url = new URL(node.url);
  const agent = createAgent(url, 1);
  try {
    return await post({ url, agent }, { body: BODY, answerBytesMax: undefined }, 'Basic eDp5').result;
  } finally {
    agent.destroy();
    await node.close();
  }
}

test('an answer of more values than any template has is cut off, whatever they are', async () => {
  for (const value of ['[],', '{},', '1,', '[', '{"a":']) {
    const result = await answerOf(`{"id":1,"result":[${value.repeat(600_000)}`);
    assert.equal(!result.ok && result.error.kind, 'garbage', value);
    assert.match(String(!result.ok && result.error.message), /sends more than 500000 values/);
  }
});

test('a template of as many transactions as a block holds comes through', async () => {
  const hash = '0'.repeat(64);
  const transaction = `{"data":"${'0'.repeat(120)}","txid":"${hash}","hash":"${hash}","depends":[1],"fee":1,"sigops":1,"weight":240}`;
  const text = `{"id":1,"result":{"transactions":[${Array.from({ length: 33_333 }, () => transaction).join()}]}}`;
  const result = await answerOf(text);
  assert.equal(result.ok && result.text, text);
});
