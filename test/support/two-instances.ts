import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { KpssProcess } from './kpss-process.ts';
import { StratumClient } from './stratum-client.ts';
import { TestMiner } from './test-miner.ts';
import { createTwoNodes } from './two-nodes.ts';

/** What of an instance a test may want otherwise. */
export interface InstanceChanges {
  /** One share in so many hashes. */
  readonly hashesPerShare?: number;
  readonly port?: number;
  readonly tag?: string;
  /** Of its port: `true`, or certificate and key. */
  readonly tls?: string;
  /** The node that it is on. */
  readonly node?: 'near' | 'far';
  /** More lines of its configuration. */
  readonly more?: string;
}

/** The real KPSS with two instances, `one` and `two`, each on a node of its own, which know nothing of each other. */
export async function createTwoInstances() {
  const nodes = await createTwoNodes();
  nodes.link.unlink();
  const verifier = createVerifierPool();

  const instance = (name: string, changes: InstanceChanges): string => {
    const { hashesPerShare = 4, port = 0, tag = '/test/', tls = 'false' } = changes;
    const { node = name === 'one' ? 'near' : 'far' } = changes;
    const { url, user, password } = nodes[node];
    return [
      `  - name: ${name}`,
      '    network: regtest',
      `    node: { url: "${url}", user: "${user}", password: "${password}" }`,
      `    payout: { address: ${nodes.address}, tag: "${tag}" }`,
      `    stratum: { port: ${port}, difficulty: ${hashesPerShare / 2 ** 32}, tls: ${tls} }`,
      ...(changes.more === undefined ? [] : [`    ${changes.more}`]),
    ].join('\n');
  };

  /** Writes kpss.yaml. @param two 'none' leaves instance two out */
  const write = (one: InstanceChanges = {}, two: InstanceChanges | 'none' = {}): void => {
    const instances = [instance('one', one), ...(two === 'none' ? [] : [instance('two', two)])];
    const yaml = [
      'web: off',
      'dataDirectory: data',
      'log: { level: debug }',
      'instances:',
      ...instances,
    ].join('\n');
    writeFileSync(join(nodes.folder, 'kpss.yaml'), yaml);
  };

  const start = () => {
    const kpss = new KpssProcess(['start'], { cwd: nodes.folder, env: { KPSS_DATA_DIRECTORY: '' } });
    const connect = async (name: 'one' | 'two'): Promise<TestMiner> => {
      // One that is alone is not named, and that is `one`.
      const { port } = await kpss.line(
        ({ msg, instance: whose = 'one' }) => whose === name && msg.includes('miners connect to'),
      );
      const client = await StratumClient.connect(port as number);
      const miner = new TestMiner(client, { dialect: '0x', address: nodes.address, verifier });
      await miner.logIn();
      return miner;
    };
    /** Sends SIGHUP. @returns when it was dealt with */
    const reload = async (done: string): Promise<void> => {
      kpss.child.kill('SIGHUP');
      await kpss.line((line) => line.msg.includes(done));
    };
    return { kpss, connect, reload };
  };

  write();
  return {
    ...nodes,
    write,
    start,
    close: async (): Promise<void> => {
      await nodes.close();
      await verifier.close();
    },
  };
}

export type TwoInstances = Awaited<ReturnType<typeof createTwoInstances>>;
