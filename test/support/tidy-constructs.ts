import {
  isCallExpression,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isExportSpecifier,
  isIdentifier,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
} from 'typescript/unstable/ast';
import { type Node, type ParsedFile, type SourceText, SyntaxKind, walk } from './tidy-syntax.ts';

const TEST_FUNCTIONS = ['test', 'it', 'describe', 'suite'];
const NOT_RUN = ['only', 'skip', 'todo'];
// In two parts, so that this file does not find itself.
const UNFINISHED = new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'}|HA${'CK'})\\b`);

/** @returns a sentence per construct that the house style leaves out */
export function checkConstructs(files: readonly ParsedFile[]): string[] {
  const problems: string[] = [];
  for (const file of files) {
    walk(file.root, (node) => {
      const problem = constructProblem(node) ?? notRunProblem(node);
      if (problem !== undefined) problems.push(`${file.path}:${file.lineOf(node)}: ${problem}`);
    });
  }
  return problems;
}

function constructProblem(node: Node): string | undefined {
  if (node.kind === SyntaxKind.AnyKeyword) return 'any: name the type, or unknown and look';
  if (isEnumDeclaration(node)) return 'an enum: use a union of literals';
  if (isExportAssignment(node) || node.kind === SyntaxKind.DefaultKeyword) {
    const isCase = node.parent.kind === SyntaxKind.DefaultClause;
    return isCase ? undefined : 'a default export: export by name';
  }
  if (isExportSpecifier(node) && node.name.text === 'default') return 'a default export: export by name';
  if (!isExportDeclaration(node) || node.moduleSpecifier === undefined) return undefined;
  const { exportClause } = node;
  const named = exportClause !== undefined && exportClause.kind === SyntaxKind.NamedExports;
  return named ? undefined : 'export *: name what is exported';
}

/** `test.skip(…)`, `describe.only(…)`, `test('…', { todo: true }, …)`: every test in the tree runs. */
function notRunProblem(node: Node): string | undefined {
  if (!isCallExpression(node)) return undefined;
  const { expression } = node;
  if (isPropertyAccessExpression(expression)) {
    const owner = expression.expression;
    const isTest = isIdentifier(owner) && [...TEST_FUNCTIONS, 't'].includes(owner.text);
    return isTest && NOT_RUN.includes(expression.name.text)
      ? `${expression.getText()}: every test runs`
      : undefined;
  }
  if (!isIdentifier(expression) || !TEST_FUNCTIONS.includes(expression.text)) return undefined;
  for (const argument of node.arguments) {
    if (!isObjectLiteralExpression(argument)) continue;
    for (const property of argument.properties) {
      if (!isPropertyAssignment(property) && !isShorthandPropertyAssignment(property)) continue;
      const name = property.name.getText();
      if (NOT_RUN.includes(name)) return `the option ${name}: every test runs`;
    }
  }
  return undefined;
}

/** @returns a sentence per line of code that says that something is left to do */
export function checkUnfinished(files: readonly SourceText[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = UNFINISHED.exec(line);
      return found === null ? [] : [`${path}:${index + 1}: ${found[0]}: do it, or write an issue`];
    }),
  );
}
