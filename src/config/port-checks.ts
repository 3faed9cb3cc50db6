import type { PortOptions } from '../stratum/listener.ts';
import { shareAddress } from './host.ts';
import type { Path, Problems } from './problems.ts';
import type { Config } from './types.ts';

/** The ports of one instance, and where each stands in the file. */
export interface FoundPorts {
  readonly name: string;
  readonly ports: readonly PortOptions[];
  readonly portPaths: readonly Path[];
  /** Its own: of two instances at one port the later one is wrong, and left out alone. */
  readonly problems: Problems;
}

/**
 * A port is opened once: by one instance, once, and not by the status as well.
 * @param shared what is wrong for all
 */
export function checkPorts(found: readonly FoundPorts[], web: WebPlace, shared: Problems): void {
  const before: { readonly name: string; readonly host: string; readonly port: number }[] = [];
  for (const { name, ports, portPaths, problems } of found) {
    for (const [i, { host, port }] of ports.entries()) {
      const path = portPaths[i];
      if (path === undefined || port === 0) continue;
      const other = before.find((known) => known.port === port && shareAddress(known.host, host));
      if (other?.name === name) problems.add(path, `${port} stands here twice: give each port its number`);
      else if (other !== undefined) problems.add(path, `${port} is the port of ${other.name} already`);
      checkWebPort({ name, host, port }, path, web, web.isGiven ? shared : problems);
      before.push({ name, host, port });
    }
  }
}

interface WebPlace {
  readonly web: Config['web'];
  /** Whether the file has it: if not, it is the other port that was chosen. */
  readonly isGiven: boolean;
}

function checkWebPort(
  { name, host, port }: { readonly name: string; readonly host: string; readonly port: number },
  path: Path,
  { web, isGiven }: WebPlace,
  problems: Problems,
): void {
  if (web === undefined || web.port !== port || !shareAddress(web.host, host)) return;
  if (isGiven) problems.add(['web', 'port'], `${port} is the port of ${name}’s miners already`);
  else problems.add(path, `${port} is where the status is served: choose another, or another web.port`);
}
