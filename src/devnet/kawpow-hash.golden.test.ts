import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { listGolden, readGolden } from '../../test/support/golden.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import { kawpowHashMethod } from './kawpow-hash.ts';
import { RpcFailure } from './rpc-failure.ts';
import { RpcParams } from './rpc-params.ts';

interface Recording {
  request: { params: unknown[] };
  response: { result: unknown; error: { code: number; message: string } | null };
}

describe('getkawpowhash answers as ravend does, quirks and all', () => {
  let verifier: Verifier;

  before(async () => {
    verifier = createVerifierPool({ threads: 1 });
    await verifier.prepare(0);
  });
  after(() => verifier.close());

  for (const name of listGolden('ravend/misc').filter((file) => file.startsWith('getkawpowhash-'))) {
    it(name.slice('getkawpowhash-'.length, -'.json'.length), async () => {
      const { request, response } = readGolden(`ravend/misc/${name}`) as Recording;
      // The height of the recorded node's tip.
      const method = kawpowHashMethod({ verifier, tipHeight: () => 492 });
      const answer = async (): Promise<unknown> => {
        if (request.params.length < method.min) return { code: -1, message: method.help };
        try {
          return await method.run(new RpcParams(request.params), { signal: AbortSignal.timeout(10_000) });
        } catch (error) {
          if (error instanceof RpcFailure) return { code: error.code, message: error.message };
          throw error;
        }
      };
      assert.deepEqual(await answer(), response.result ?? response.error);
    });
  }
});
