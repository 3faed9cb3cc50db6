import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HelloQueue, readHello } from './hello-queue.ts';

const HELLO = Uint8Array.of(0x16, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a hello', () => {
  test('is whole when its last byte is there, and not before', () => {
    for (let length = 1; length < HELLO.length; length++)
      assert.equal(readHello(HELLO.subarray(0, length)), 'more');
    assert.equal(readHello(HELLO), 'whole');
    assert.equal(readHello(Uint8Array.of(...HELLO, 1, 2)), 'whole');
  });

  test('is none where another protocol begins, or it says that it goes on in another record', () => {
    assert.equal(readHello(Uint8Array.of(0x7b)), 'plain');
    // The message is longer than its record.
    assert.equal(readHello(Uint8Array.of(0x16, 3, 1, 0, 6, 1, 0, 0, 3)), 'broken');
    assert.equal(readHello(Uint8Array.of(0x16, 3, 1, 0, 6, 2, 0, 0, 2)), 'broken');
    assert.equal(readHello(Uint8Array.of(0x16, 3, 1, 0xff, 0xff)), 'broken');
    assert.equal(readHello(Uint8Array.of(0x16, 3, 1, 0, 1)), 'broken');
  });
});

describe('the queue of hellos', () => {
  test('answers one in a turn, and one of each who waits before the next of the first', async () => {
    const queue = new HelloQueue();
    const answered: string[] = [];
    const add = (owner: string, name: string) =>
      queue.add(owner, () => {
        answered.push(name);
        return true;
      });
    for (let i = 1; i <= 100; i++) add('flood', `flood ${i}`);
    await turn();
    assert.deepEqual(answered, ['flood 1']);
    add('miner', 'miner');
    for (let turns = 0; turns < 2; turns++) await turn();
    assert.deepEqual(answered, ['flood 1', 'flood 2', 'miner']);
    for (let turns = 0; turns < 98; turns++) await turn();
    assert.equal(answered.length, 101);
  });

  test('loses no turn to those that are gone, and begins again after a pause', async () => {
    const queue = new HelloQueue();
    let answered = 0;
    const answer = () => {
      answered += 1;
      return true;
    };
    for (const owner of ['a', 'b', 'c']) queue.add(owner, () => false);
    queue.add('d', answer);
    await turn();
    assert.equal(answered, 1);
    for (let turns = 0; turns < 3; turns++) await turn();
    queue.add('a', answer);
    await turn();
    assert.equal(answered, 2);
  });
});
