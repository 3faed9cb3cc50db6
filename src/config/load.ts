import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { resolveDataDirectory } from './data-directory.ts';
import { type Machine, thisMachine } from './data-folder.ts';
import { CONFIG_BYTES_MAX, type DocumentResult, parseConfigText } from './document.ts';
import { ambiguousVariables, type Environment, strayVariables } from './environment.ts';
import { applyFlags, flagFor, type InstanceEntry } from './flags.ts';
import { type InstanceResult, resolveInstance } from './instance-section.ts';
import { checkPorts } from './port-checks.ts';
import { type Path, Problems, pathText } from './problems.ts';
import { instanceSchema, logSchema } from './schema.ts';
import { type Group, isGroup, readSection } from './section.ts';
import type { Config, ConfigFlags, ConfigResult } from './types.ts';
import { resolveVerifier } from './verifier-section.ts';
import { resolveWeb } from './web-section.ts';
import { gotText, listText } from './words.ts';

export interface ConfigSources {
  /** Path of the configuration file; without one, flags and defaults make one instance. */
  readonly file?: string | undefined;
  /** What would stand in the file, where there is none: plain values in the same shape. */
  readonly settings?: unknown;
  readonly flags: ConfigFlags;
  readonly env: Environment;
  /** Where the node's default cookie and the user's caches are; this machine when left out. */
  readonly machine?: Machine;
}

/** Each has its port, its nodes and its light caches of 90 MB: no machine serves more. */
const INSTANCES_MAX = 64;

/** What stands beside a list of instances, since all of them share it. */
const OF_ALL: readonly string[] = ['verifier', 'web', 'log', 'dataDirectory'];

/**
 * The whole configuration: flags win over the environment, the environment over the file, the file over the defaults.
 * Everything that is wrong is told at once. No exception comes from anything in the file, and no problem shows a secret.
 */
export function resolveConfig({ file, settings, flags, env, machine }: ConfigSources): ConfigResult {
  const opened = file === undefined ? withoutFile(settings) : readDocument(file);
  if (!opened.ok) return opened;
  const { document } = opened;
  if (!isGroup(document.value)) {
    return {
      ok: false,
      problems: [`${document.locate([]).text}: expected settings${gotText([], document.value)}`],
    };
  }
  const problems = new Problems((path) => document.locate(path));
  // A copy: flags are written into it.
  const root = structuredClone(document.value);
  const entries = findInstances(root, problems);
  applyFlags(root, entries, flags, problems);
  const folder = file === undefined ? undefined : dirname(resolve(file));
  const place = { env, machine: machine ?? thisMachine(env), folder };
  const context = { ...place, isOnly: entries.length === 1 };
  const found = entries.map(({ value, path }): FoundInstance => {
    // A single one shares what is known of its flags.
    const own = context.isOnly ? problems : new Problems((place) => document.locate(place));
    return { ...resolveInstance(value, path, context, own), path, problems: own };
  });
  const log = readSection(logSchema, root.log, ['log'], problems);
  const verifier = resolveVerifier(root.verifier, place, problems);
  const dataDirectory = resolveDataDirectory(root, place, problems);
  const web = resolveWeb(root.web, problems);
  checkVariables(env, found, problems);
  checkTogether(found);
  const ports = found.flatMap(({ instance, portPaths, problems: own }) =>
    instance === undefined
      ? []
      : { name: instance.name, ports: instance.stratum.ports, portPaths, problems: own },
  );
  checkPorts(ports, { web, isGiven: root.web !== undefined }, problems);
  const instances = found.flatMap((one) => (one.problems.count === 0 ? (one.instance ?? []) : []));
  const areAllWithin = problems.count === 0 && instances.length > 0;
  const config: Config = {
    instances,
    verifier,
    log: { level: log?.level ?? 'info', format: log?.format ?? 'auto' },
    dataDirectory,
    web,
  };
  for (const one of found) if (one.problems !== problems) problems.absorb(one.problems);
  if (problems.count === 0) return { ok: true, config };
  return { ok: false, problems: problems.list, ...(areAllWithin && { sound: config }) };
}

/** @param settings undefined where flags and defaults are all there is */
function withoutFile(settings: unknown): DocumentResult {
  if (settings === undefined) {
    return { ok: true, document: { value: {}, locate: (path) => ({ text: flagFor(path), order: 0 }) } };
  }
  const locate = (path: Path) => ({ text: pathText(path) || 'the settings', order: 0 });
  try {
    return { ok: true, document: { value: structuredClone(settings), locate } };
  } catch {
    return { ok: false, problems: ['the settings: expected plain values only, as a file could have them'] };
  }
}

function readDocument(file: string): DocumentResult {
  try {
    const stats = statSync(file);
    // Opening a pipe would wait for somebody to write into it.
    if (!stats.isFile()) return { ok: false, problems: [`${file}: it is no file`] };
    if (stats.size > CONFIG_BYTES_MAX) {
      const bound = `${CONFIG_BYTES_MAX / 1024} KiB are the most`;
      return { ok: false, problems: [`${file}: too long for a configuration: ${bound}`] };
    }
    const parsed = parseConfigText(readFileSync(file, 'utf8'), file);
    if (!parsed.ok || parsed.document.value !== undefined) return parsed;
    return { ok: true, document: { ...parsed.document, value: {} } };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`;
    return { ok: false, problems: [`${file}: ${why}`] };
  }
}

/** The list `instances`, or the top of the file as the one instance. */
function findInstances(root: Group, problems: Problems): InstanceEntry[] {
  const { instances } = root;
  if (instances === undefined) return [{ value: root, path: [] }];
  for (const key of Object.keys(root)) {
    if (key === 'instances' || OF_ALL.includes(key)) continue;
    const known = Object.hasOwn(instanceSchema.shape, key);
    problems.add([key], known ? 'belongs into the list of instances, or the list away' : 'unknown setting');
  }
  if (!Array.isArray(instances) || instances.length === 0) {
    problems.add(['instances'], `expected a list with at least one instance${gotText([], instances)}`);
    return [];
  }
  if (instances.length > INSTANCES_MAX) {
    problems.add(['instances'], `expected at most ${INSTANCES_MAX} instances, got ${instances.length}`);
    return [];
  }
  return instances.map((value: unknown, i) => ({ value, path: ['instances', i] }));
}

interface FoundInstance extends InstanceResult {
  readonly path: Path;
  /** Those that lie within it. */
  readonly problems: Problems;
}

/** A variable that nothing reads would leave its owner wondering why the node refuses the login. */
function checkVariables(env: Environment, found: readonly FoundInstance[], problems: Problems): void {
  if (found.length > 1) {
    for (const variable of ambiguousVariables(env)) {
      problems.addTo(variable, `does not say for which instance: add its name, ${variable}_NAME`);
    }
  }
  const names = found.flatMap(({ name }) => name ?? []);
  // Where a name is not known, a variable may well be its.
  if (names.length === 0 || names.length < found.length) return;
  for (const { variable, expected } of strayVariables(env, names)) {
    problems.addTo(variable, `is for no instance there is: expected ${listText(expected)}`);
  }
}

/** What one instance may have and several may not share. */
function checkTogether(found: readonly FoundInstance[]): void {
  for (const [i, { instance, path, problems }] of found.entries()) {
    if (instance === undefined) continue;
    const before = found.slice(0, i).flatMap((other) => other.instance ?? []);
    if (before.some(({ name }) => name === instance.name)) {
      problems.add([...path, 'name'], `another instance is called ${instance.name} too: give each a name`);
    }
  }
}
