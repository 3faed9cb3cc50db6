import { posix } from 'node:path';
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isNamedImports,
  isStringLiteral,
} from 'typescript/unstable/ast';
import { isTestFile, type Node, type ParsedFile, SyntaxKind, walk } from './tidy-syntax.ts';

/** What one folder of src/ may import besides itself and src/error.ts. A folder name covers all its files. */
interface FolderRule {
  readonly sources: readonly string[];
  /** From here `import type` only. */
  readonly types: readonly string[];
  readonly packages: readonly string[];
  /** Modules of Node's own; `any` where the folder is the one that does I/O. */
  readonly node: 'any' | Readonly<Record<string, readonly string[]>>;
}

const NO_NODE = {};
/** The ports: what a service needs from outside, as types. */
const PORTS = ['mining/ports.ts'];

/** ARCHITECTURE.md explains this table; where a change needs a new entry, it is a change of the house. */
const RULES: Readonly<Record<string, FolderRule>> = {
  chain: { sources: [], types: [], packages: ['@noble/hashes', '@scure/base'], node: NO_NODE },
  kawpow: {
    sources: ['chain'],
    types: PORTS,
    packages: ['@noble/hashes'],
    node: {
      'kawpow/threads.ts': ['node:worker_threads'],
      'kawpow/worker.ts': ['node:worker_threads'],
      'kawpow/cache-builder.ts': ['node:worker_threads'],
      'kawpow/dag-builder.ts': ['node:worker_threads'],
      'kawpow/garbage.ts': ['node:v8', 'node:vm'],
      'kawpow/cache-file.ts': ['node:fs', 'node:fs/promises', 'node:path', 'node:crypto'],
    },
  },
  mining: {
    sources: ['chain', 'kawpow/params.ts', 'kawpow/epoch.ts', 'kawpow/final-hash.ts'],
    types: [],
    packages: [],
    node: NO_NODE,
  },
  stratum: {
    sources: ['chain', 'mining'],
    types: [],
    packages: ['ipaddr.js'],
    node: {
      'stratum/server.ts': ['node:net', 'node:tls'],
      'stratum/listener.ts': ['node:net'],
      'stratum/tls-stage.ts': ['node:net', 'node:tls', 'node:crypto'],
      'stratum/proxy-stage.ts': ['node:net'],
      'stratum/connection.ts': ['node:net', 'node:tls'],
    },
  },
  measure: { sources: ['chain', 'kawpow'], types: [], packages: [], node: 'any' },
  node: { sources: ['chain', 'mining'], types: [], packages: ['zeromq'], node: 'any' },
  store: {
    sources: ['chain', 'mining', 'stratum/bans.ts', 'stratum/peer-address.ts'],
    types: ['stratum'],
    packages: ['selfsigned'],
    node: 'any',
  },
  web: { sources: ['chain', 'mining'], types: [], packages: ['fastify', 'prom-client'], node: 'any' },
  devnet: { sources: ['chain', 'kawpow', 'mining'], types: [], packages: ['zeromq'], node: 'any' },
  doctor: {
    sources: ['chain', 'kawpow', 'mining', 'node', 'store/journal-store.ts', 'store/tls-certificate.ts'],
    types: ['config', 'stratum'],
    packages: [],
    node: 'any',
  },
  config: {
    sources: ['chain', 'stratum/limits.ts', 'stratum/peer-address.ts'],
    types: ['mining', 'stratum', 'node', 'store', 'web'],
    packages: ['zod', 'yaml', 'acorn'],
    node: 'any',
  },
};

/** cli/ and the files of src/ itself wire everything together and may import everything. */
const WIRING = /^src\/(cli\/|[^/]+$)/;

interface ImportFact {
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly node: Node;
}

/** @returns a sentence per import that the table does not allow */
export function checkImports(files: readonly ParsedFile[]): string[] {
  const problems: string[] = [];
  for (const file of files) {
    if (!file.path.startsWith('src/') || isTestFile(file.path)) continue;
    for (const fact of importsOf(file)) {
      const problem = judge(file.path, fact);
      if (problem !== undefined) problems.push(`${file.path}:${file.lineOf(fact.node)}: ${problem}`);
    }
  }
  return problems;
}

function importsOf(file: ParsedFile): ImportFact[] {
  const facts: ImportFact[] = [];
  const add = (specifier: Node | undefined, typesOnly: boolean, node: Node): void => {
    if (specifier !== undefined && isStringLiteral(specifier))
      facts.push({ specifier: specifier.text, typesOnly, node });
  };
  walk(file.root, (node) => {
    if (isImportDeclaration(node)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const allTypes =
        bindings !== undefined && isNamedImports(bindings) && bindings.elements.every((e) => e.isTypeOnly);
      add(node.moduleSpecifier, clause?.phaseModifier === SyntaxKind.TypeKeyword || allTypes, node);
    } else if (isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly, node);
    } else if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, node);
    }
  });
  return facts;
}

function judge(path: string, { specifier, typesOnly }: ImportFact): string | undefined {
  const wires = WIRING.test(path);
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (!target.startsWith('src/')) return `imports ${target}: the program uses nothing outside src/`;
    if (isTestFile(target)) return `imports the test file ${target}`;
    return wires ? undefined : judgeSource(path, target.slice('src/'.length), typesOnly);
  }
  if (wires) return undefined;
  const folder = folderOf(path);
  const rule = RULES[folder];
  if (rule === undefined) return `${folder}/ has no line in the import table (test/support/tidy-imports.ts)`;
  if (!specifier.startsWith('node:')) {
    const allowed = rule.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    return allowed ? undefined : `${folder}/ may not use the package ${specifier}`;
  }
  if (rule.node === 'any' || rule.node[path.slice('src/'.length)]?.includes(specifier)) return undefined;
  return `${path} may not use ${specifier}`;
}

function judgeSource(path: string, target: string, typesOnly: boolean): string | undefined {
  const folder = folderOf(path);
  const rule = RULES[folder];
  if (rule === undefined) return `${folder}/ has no line in the import table (test/support/tidy-imports.ts)`;
  const covers = (entry: string): boolean => target === entry || target.startsWith(`${entry}/`);
  if (target === 'error.ts' || covers(folder) || rule.sources.some(covers)) return undefined;
  if (!rule.types.some(covers)) return `${folder}/ may not import ${target}`;
  return typesOnly ? undefined : `${folder}/ may import types only from ${target}`;
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}
