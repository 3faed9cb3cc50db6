import {
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
} from 'typescript/unstable/ast';
import { isTestFile, type Node, type ParsedFile, walk } from './tidy-syntax.ts';

// Time, chance and I/O are arguments. What reads a clock or chance by itself cannot be simulated nor replayed.

/** Nowhere but in the real clock, in configuration and where everything is wired. */
const AMBIENT = ['Date.now', 'Math.random', 'performance.now', 'new Date()', 'setInterval'];
/** Besides, in code that knows no outside at all. */
const OUTSIDE = [
  'setTimeout',
  'setImmediate',
  'queueMicrotask',
  'process',
  'console',
  'fetch',
  'crypto',
  'globalThis',
];

/** The wiring, what measures time, and the builder's thread, to which no clock can be sent. */
const EXEMPT = [
  /^src\/[^/]+$/,
  /^src\/cli\//,
  /^src\/config\//,
  /^src\/measure\//,
  /^src\/kawpow\/cache-builder\.ts$/,
];
const PURE = [/^src\/chain\//, /^src\/kawpow\//, /^src\/mining\//, /^src\/stratum\//];
/** Files of pure folders that are their edge to threads and sockets. */
const EDGES = [
  'src/kawpow/pool.ts',
  'src/kawpow/threads.ts',
  'src/kawpow/worker.ts',
  'src/kawpow/dag-builder.ts',
  'src/kawpow/cache-file.ts',
  'src/stratum/server.ts',
  'src/stratum/connection.ts',
  'src/stratum/hello-queue.ts',
];

/** @returns a sentence per use of the clock, of chance or of the process where it must be an argument */
export function checkPurity(files: readonly ParsedFile[]): string[] {
  const problems: string[] = [];
  for (const file of files) {
    const forbidden = forbiddenIn(file.path);
    if (forbidden.length === 0) continue;
    walk(file.root, (node) => {
      const word = wordOf(node);
      if (word !== undefined && forbidden.includes(word)) {
        problems.push(`${file.path}:${file.lineOf(node)}: ${word} must come in as an argument`);
      }
    });
  }
  return problems;
}

function forbiddenIn(path: string): readonly string[] {
  if (!path.startsWith('src/') || isTestFile(path) || EXEMPT.some((pattern) => pattern.test(path))) return [];
  const pure = PURE.some((pattern) => pattern.test(path)) && !EDGES.includes(path);
  return pure ? [...AMBIENT, ...OUTSIDE] : AMBIENT;
}

function wordOf(node: Node): string | undefined {
  if (isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
    return 'new Date()';
  }
  if (isPropertyAccessExpression(node) && isIdentifier(node.expression)) {
    return `${node.expression.text}.${node.name.text}`;
  }
  return isIdentifier(node) && !isName(node) ? node.text : undefined;
}

/** Whether an identifier only names a member (`timer.setTimeout`, `{ process: 1 }`) and reaches nothing global. */
function isName(node: Node): boolean {
  const parent = node.parent;
  if (isPropertyAccessExpression(parent)) return parent.name === node;
  if (isPropertyAssignment(parent)) return parent.name === node;
  return 'name' in parent && parent.name === node;
}
