import type { Attack, Target } from './attack-tools.ts';
import { BYTE_ATTACKS } from './attacks-bytes.ts';
import { CONNECTION_ATTACKS } from './attacks-connections.ts';
import { SHARE_ATTACKS } from './attacks-shares.ts';

// A process of its own, so that what it costs to attack holds nobody else up: attacker.ts NAME PORTS-AS-JSON

const attacks: Readonly<Record<string, Attack>> = {
  ...BYTE_ATTACKS,
  ...CONNECTION_ATTACKS,
  ...SHARE_ATTACKS,
};

/** An attack that hangs must not outlive its test. */
const END_MS = 60_000;

const [name = '', target = '{}'] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined) throw new Error(`no attack is called ${name}`);
setTimeout(() => process.exit(3), END_MS).unref();
const report = await attack(JSON.parse(target) as Target);
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
