import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Machine } from './data-folder.ts';
import { type ConfigDocument, type DocumentResult, parseConfigText } from './document.ts';
import { ambiguousVariables, type Environment } from './environment.ts';
import { applyFlags, type InstanceEntry } from './flags.ts';
import { resolveInstance } from './instance-section.ts';
import { gotText, type Path, Problems, pathText } from './problems.ts';
import { instanceSchema, logSchema } from './schema.ts';
import { type Group, isGroup, readSection } from './section.ts';
import type { ConfigFlags, ConfigResult, InstanceConfig } from './types.ts';

export interface ConfigSources {
  /** Path of the configuration file; without one, flags and defaults make one instance. */
  readonly file?: string | undefined;
  readonly flags: ConfigFlags;
  readonly env: Environment;
  /** Where the node's default cookie is; this machine when left out. */
  readonly machine?: Machine;
}

/**
 * The whole configuration: flags win over the environment, the environment over the file, the file over the defaults.
 * Everything that is wrong is told at once. No exception comes from anything in the file, and no problem shows a secret.
 */
export function resolveConfig({ file, flags, env, machine }: ConfigSources): ConfigResult {
  const opened = file === undefined ? withoutFile() : readDocument(file);
  if (!opened.ok) return opened;
  const { document } = opened;
  if (!isGroup(document.value)) {
    return {
      ok: false,
      problems: [`${document.locate([])}: expected settings${gotText([], document.value)}`],
    };
  }
  const labels = new Map<string, string>();
  const problems = new Problems((path) => labels.get(pathText(path)) ?? document.locate(path));
  // A copy: flags are written into it.
  const root = structuredClone(document.value);
  const entries = findInstances(root, problems);
  applyFlags(root, entries, flags, labels, problems);
  const folder = file === undefined ? '.' : dirname(resolve(file));
  const machineOrThis = machine ?? { platform: process.platform, homeFolder: homedir(), env };
  const context = { env, machine: machineOrThis, folder, isOnly: entries.length === 1 };
  const found = entries.flatMap(({ value, path }): FoundInstance[] => {
    const instance = resolveInstance(value, path, context, problems);
    return instance === undefined ? [] : [{ instance, path }];
  });
  const log = readSection(logSchema, root.log, ['log'], problems);
  if (entries.length > 1) {
    refuseAmbiguous(env, labels, problems);
    checkTogether(found, problems);
  }
  if (problems.list.length > 0) return { ok: false, problems: problems.list };
  const instances = found.map(({ instance }) => instance);
  return {
    ok: true,
    config: { instances, log: { level: log?.level ?? 'info', format: log?.format ?? 'auto' } },
  };
}

function withoutFile(): DocumentResult {
  const document: ConfigDocument = { value: {}, locate: (path) => pathText(path) || 'configuration' };
  return { ok: true, document };
}

function readDocument(file: string): DocumentResult {
  try {
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
    if (key === 'instances' || key === 'log') continue;
    const known = key in instanceSchema.shape;
    problems.add([key], known ? 'belongs into the list of instances, or the list away' : 'unknown setting');
  }
  if (!Array.isArray(instances) || instances.length === 0) {
    problems.add(['instances'], `expected a list with at least one instance${gotText([], instances)}`);
    return [];
  }
  return instances.map((value: unknown, i) => ({ value, path: ['instances', i] }));
}

function refuseAmbiguous(env: Environment, labels: Map<string, string>, problems: Problems): void {
  for (const variable of ambiguousVariables(env)) {
    labels.set(variable, variable);
    problems.add([variable], `does not say for which instance: add its name, ${variable}_NAME`);
  }
}

interface FoundInstance {
  readonly instance: InstanceConfig;
  readonly path: Path;
}

/** What one instance may have and several may not share. */
function checkTogether(found: readonly FoundInstance[], problems: Problems): void {
  for (const [i, { instance, path }] of found.entries()) {
    const before = found.slice(0, i).map((other) => other.instance);
    if (before.some(({ name }) => name === instance.name)) {
      problems.add([...path, 'name'], `another instance is called ${instance.name} too: give each a name`);
    }
    const { host, port } = instance.stratum;
    const other = before.find(({ stratum }) => port !== 0 && stratum.port === port && stratum.host === host);
    if (other !== undefined)
      problems.add([...path, 'stratum', 'port'], `${port} is the port of ${other.name} already`);
  }
}
