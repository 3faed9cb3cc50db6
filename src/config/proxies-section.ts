import { isIP } from 'node:net';
import type { Path, Problems } from './problems.ts';
import { PROXIES_MAX } from './stratum-schema.ts';
import { gotText } from './words.ts';

const PROXY = 'expected an IP address, or a subnet such as 10.0.0.0/8';

/** Whose connections begin with a PROXY header; none when it is not given. */
export function resolveProxies(value: unknown, path: Path, problems: Problems): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.add(path, `expected a list of addresses and subnets${gotText([], value)}`);
    return [];
  }
  if (value.length > PROXIES_MAX) {
    problems.add(path, `expected at most ${PROXIES_MAX} proxies, got ${value.length}`);
    return [];
  }
  return value.flatMap((member: unknown, i) => {
    if (typeof member === 'string' && isAddressOrSubnet(member)) return member;
    problems.add([...path, i], `${PROXY}${gotText([], member)}`);
    return [];
  });
}

function isAddressOrSubnet(text: string): boolean {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return false;
  // Everybody would be believed whatever he says of where he comes from.
  return bits === undefined || (Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128));
}
