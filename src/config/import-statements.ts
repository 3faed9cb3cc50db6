import type { AnyNode, Pattern } from 'acorn';
import type { Reading } from './import-call.ts';
import { readExpression } from './import-expression.ts';
import { Scope } from './import-scope.ts';
import { group, type OldValue, scalar, unreadable } from './import-value.ts';

/** Deeper is nothing that a person wrote, and the call stack is finite. */
const DEPTH_MAX = 100;

/**
 * Reads statements from the first to the last, as data: names get their values, and what only run time decides (whether
 * a branch is taken, how often a loop turns) leaves what is set in it unknown.
 */
export function readStatements(
  statements: readonly AnyNode[],
  scope: Scope,
  reading: Reading,
  depth = 0,
): void {
  for (const statement of statements) readStatement(statement, scope, reading, depth);
}

function readStatement(node: AnyNode, scope: Scope, reading: Reading, depth: number): void {
  if (depth > DEPTH_MAX) return;
  const read = (inner: AnyNode): OldValue => readExpression(inner, scope, reading);
  const inside = (kind: 'block' | 'branch', ...inner: (AnyNode | null | undefined)[]): void => {
    const within = new Scope(scope, kind);
    for (const statement of inner) if (statement) readStatement(statement, within, reading, depth + 1);
  };
  switch (node.type) {
    case 'VariableDeclaration':
      for (const { id, init } of node.declarations) {
        const value = init ? read(init) : scalar(null, reading.spotOf(node));
        // `var x;` once more changes nothing.
        if (!init && id.type === 'Identifier' && scope.find(id.name) !== undefined) continue;
        declare(id, value, { scope, reading, isVar: node.kind === 'var' });
      }
      break;
    case 'FunctionDeclaration':
      scope.declare(node.id?.name ?? '', { kind: 'function', at: reading.spotOf(node) });
      reading.metFunction({ ...node, type: 'FunctionExpression' } as AnyNode, scope);
      break;
    case 'ExpressionStatement':
      read(node.expression);
      break;
    case 'ReturnStatement':
      if (node.argument) read(node.argument);
      break;
    case 'BlockStatement':
      inside('block', ...node.body);
      break;
    default:
      readOther(node, { scope, reading, read, inside, depth });
  }
}

interface Around {
  readonly scope: Scope;
  readonly reading: Reading;
  readonly depth: number;
  read(inner: AnyNode): OldValue;
  inside(kind: 'block' | 'branch', ...inner: (AnyNode | null | undefined)[]): void;
}

function readOther(node: AnyNode, { scope, reading, read, inside, depth }: Around): void {
  switch (node.type) {
    case 'IfStatement':
      read(node.test);
      inside('branch', node.consequent);
      inside('branch', node.alternate);
      break;
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      inside('branch', node.body);
      break;
    case 'LabeledStatement':
      inside('block', node.body);
      break;
    case 'TryStatement':
      inside('block', node.block);
      inside('branch', node.handler?.body);
      inside('block', node.finalizer);
      break;
    case 'SwitchStatement':
      for (const { consequent } of node.cases) inside('branch', ...consequent);
      break;
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      readFunction(node, scope, reading, depth);
      break;
    case 'ClassDeclaration':
      readClass(node, scope, reading);
      break;
    case 'ImportDeclaration':
      for (const specifier of node.specifiers) {
        const value = reading.required(String(node.source.value), reading.spotOf(node));
        const isNamed = specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier';
        const name =
          isNamed && specifier.imported.type === 'Identifier' ? specifier.imported.name : undefined;
        scope.declare(specifier.local.name, name === undefined ? value : memberOf(value, name));
      }
      break;
    case 'ExportNamedDeclaration':
      if (node.declaration) readStatement(node.declaration, scope, reading, depth + 1);
      break;
    case 'ExportDefaultDeclaration':
      if (node.declaration.type !== 'FunctionDeclaration' && node.declaration.type !== 'ClassDeclaration')
        scope.declare('export default', read(node.declaration));
      break;
    default:
  }
}

/** Methods in their order, as if each were called once on one object. */
function readClass(
  node: Extract<AnyNode, { type: 'ClassDeclaration' }>,
  around: Scope,
  reading: Reading,
): void {
  const scope = new Scope(around, 'block');
  const self = group(reading.spotOf(node));
  scope.declare('this', self);
  for (const member of node.body.body) {
    if (member.type === 'MethodDefinition') reading.metFunction(member.value, scope);
    else if (member.type === 'PropertyDefinition' && member.value && member.key.type === 'Identifier') {
      const value = readExpression(member.value, scope, reading);
      self.members.set(member.key.name, { at: reading.spotOf(member), value });
    }
  }
}

/** The body of a function, whose parameters only its callers know. */
function readFunction(
  node: Extract<AnyNode, { type: 'FunctionExpression' | 'ArrowFunctionExpression' }>,
  around: Scope,
  reading: Reading,
  depth: number,
): void {
  const scope = new Scope(around, 'function');
  for (const parameter of node.params) {
    const at = reading.spotOf(parameter);
    const value = unreadable('a parameter of a function', at);
    declare(parameter, value, { scope, reading, isVar: false });
  }
  if (node.body.type === 'BlockStatement') readStatements(node.body.body, scope, reading, depth + 1);
  else readExpression(node.body, scope, reading);
}

interface Declaring {
  readonly scope: Scope;
  readonly reading: Reading;
  readonly isVar: boolean;
}

/** Names of a pattern: `x`, `{ host, port: p = 1 }`, `[a, b]`. */
function declare(pattern: Pattern, value: OldValue, around: Declaring, depth = 0): void {
  if (depth > DEPTH_MAX) return;
  const { scope, reading, isVar } = around;
  switch (pattern.type) {
    case 'Identifier':
      scope.declare(pattern.name, value, isVar);
      break;
    case 'AssignmentPattern': {
      const isMissing = value.kind === 'scalar' && value.value === null;
      const taken = isMissing ? readExpression(pattern.right, scope, reading) : value;
      declare(pattern.left, taken, around, depth + 1);
      break;
    }
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') continue;
        const name = property.key.type === 'Identifier' ? property.key.name : '';
        declare(property.value, memberOf(value, name), around, depth + 1);
      }
      break;
    case 'ArrayPattern':
      for (const [i, element] of pattern.elements.entries()) {
        const item = value.kind === 'list' ? value.items[i] : undefined;
        if (element)
          declare(
            element,
            item ?? unreadable('a part of a list', reading.spotOf(element)),
            around,
            depth + 1,
          );
      }
      break;
    default:
  }
}

function memberOf(value: OldValue, name: string): OldValue {
  if (value.kind === 'group') return value.members.get(name)?.value ?? scalar(null, value.at);
  return value.kind === 'unreadable' ? value : unreadable('a part of it', value.at);
}
