import { rangeTrouble } from '../stratum/peer-address.ts';
import type { Path, Problems } from './problems.ts';
import { PROXIES_MAX } from './stratum-schema.ts';
import { gotText } from './words.ts';

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
    const range = typeof member === 'string' ? member : '';
    const trouble = rangeTrouble(range);
    if (trouble === undefined) return range;
    problems.add([...path, i], trouble + gotText([], member));
    return [];
  });
}
