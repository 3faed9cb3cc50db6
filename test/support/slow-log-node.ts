// A node in a thread of its own, so that it can tell when a block arrived though the server's thread stands still.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { template } = workerData as { template: Record<string, unknown> };
const results: Record<string, unknown> = {
  getbestblockhash: template.previousblockhash,
  getblocktemplate: template,
  getblockchaininfo: { chain: 'regtest' },
};
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    if (method === 'submitblock') parentPort?.postMessage({ blockAtMs: Date.now() });
    response.end(`${JSON.stringify({ result: results[method] ?? null, error: null, id })}\n`);
  });
});
server.listen(0, '127.0.0.1', () =>
  parentPort?.postMessage({ port: (server.address() as AddressInfo).port }),
);
