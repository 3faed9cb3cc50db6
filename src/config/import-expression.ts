import type { AnyNode, BinaryOperator, CallExpression, Expression, MemberExpression } from 'acorn';
import {
  assign,
  copyMembers,
  dottedName,
  ITEMS_MAX,
  memberName,
  type Reading,
  readCall,
} from './import-call.ts';
import type { Scope } from './import-scope.ts';
import { group, notKnown, type OldValue, type Spot, scalar, unreadable } from './import-value.ts';

/** An object in an object in an object: no setting is as deep, and the call stack is finite. */
const DEPTH_MAX = 200;
/**
 * Reads an expression as data. Nothing of it is run: what only run time knows is `unreadable`.
 * @param node any node of an expression
 */
export function readExpression(node: AnyNode, scope: Scope, reading: Reading, depth = 0): OldValue {
  const at = reading.spotOf(node);
  if (depth > DEPTH_MAX) return unreadable('something nested too deeply', at);
  const read = (inner: AnyNode): OldValue => readExpression(inner, scope, reading, depth + 1);
  switch (node.type) {
    case 'Literal':
      return node.regex ? unreadable('a regular expression', at) : scalar(node.value, at);
    case 'TemplateLiteral':
      return readTemplate(
        node.quasis.map(({ value }) => value.cooked ?? ''),
        node.expressions.map(read),
        at,
      );
    case 'ObjectExpression':
      return readObject(node, read, reading);
    case 'ArrayExpression':
      return readList(node, read, reading);
    case 'Identifier':
      return readName(node.name, scope, at);
    case 'MemberExpression':
      return readMember(node, read, at);
    case 'UnaryExpression':
      return readUnary(node.operator, read(node.argument), at);
    case 'BinaryExpression':
      if (node.left.type === 'PrivateIdentifier') return unreadable('a test of a private name', at);
      return readBinary(node.operator, read(node.left), read(node.right), at);
    case 'LogicalExpression':
      return readEither(node.operator, read(node.left), read(node.right), reading);
    case 'ConditionalExpression': {
      const test = read(node.test);
      const [yes, no] = [read(node.consequent), read(node.alternate)];
      return test.kind === 'scalar' ? (test.value ? yes : no) : unreadable('a choice made at run time', at);
    }
    case 'AssignmentExpression':
      return assign(node.left, node.operator, read(node.right), { scope, reading, read, at });
    case 'CallExpression':
    case 'NewExpression':
      return readCall(node as CallExpression, { scope, reading, read, at });
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      reading.metFunction(node, scope);
      return { kind: 'function', at };
    case 'ThisExpression':
      return scope.find('this') ?? unreadable('this', at);
    case 'SequenceExpression':
      return node.expressions.map(read).at(-1) ?? scalar(null, at);
    case 'ChainExpression':
      return read(node.expression);
    case 'AwaitExpression':
      return passed(read(node.argument), 'what is awaited', at);
    default:
      return unreadable(`${node.type}, which only running it could tell`, at);
  }
}

/** A pool stays a pool when it is awaited; a value does not stay known. */
function passed(value: OldValue, what: string, at: Spot): OldValue {
  return value.kind === 'pool' ? value : unreadable(what, at);
}

function readTemplate(texts: readonly string[], values: readonly OldValue[], at: Spot): OldValue {
  const unknown = values.find(({ kind }) => kind !== 'scalar');
  if (unknown !== undefined) return { ...notKnown(unknown), at };
  const between = values.map((value) => (value.kind === 'scalar' ? String(value.value) : ''));
  return scalar(texts.map((text, i) => text + (between[i] ?? '')).join(''), at);
}

function readObject(
  node: Extract<AnyNode, { type: 'ObjectExpression' }>,
  read: (inner: AnyNode) => OldValue,
  reading: Reading,
): OldValue {
  const found = group(reading.spotOf(node));
  for (const property of node.properties) {
    const at = reading.spotOf(property);
    if (property.type === 'SpreadElement') {
      const spread = read(property.argument);
      if (spread.kind === 'group' && reading.mayCopy(spread.members.size)) copyMembers(spread, found);
      // Under a name that no option has, so that it is told if this group is asked for anything.
      else found.members.set(`...${found.members.size}`, { at, value: notKnown(spread) });
      continue;
    }
    const key = property.computed ? read(property.key) : keyOf(property.key, at);
    const value = property.kind === 'init' ? read(property.value) : unreadable('a getter or setter', at);
    if (key.kind === 'scalar') found.members.set(String(key.value), { at, value });
    else found.members.set(`...${found.members.size}`, { at, value: notKnown(key) });
    if (found.members.size > ITEMS_MAX)
      return unreadable('a group of more settings than there are', found.at);
  }
  return found;
}

function keyOf(key: Expression | { readonly type: 'PrivateIdentifier' }, at: Spot): OldValue {
  if (key.type === 'Identifier') return scalar(key.name, at);
  return key.type === 'Literal' ? scalar(String(key.value), at) : unreadable('a computed name', at);
}

function readList(
  node: Extract<AnyNode, { type: 'ArrayExpression' }>,
  read: (inner: AnyNode) => OldValue,
  reading: Reading,
): OldValue {
  const at = reading.spotOf(node);
  const items: OldValue[] = [];
  for (const element of node.elements) {
    if (element === null) continue;
    const value = read(element.type === 'SpreadElement' ? element.argument : element);
    const isSpread =
      element.type === 'SpreadElement' && value.kind === 'list' && reading.mayCopy(value.items.length);
    if (isSpread) for (const item of value.items) items.push(item);
    else items.push(element.type === 'SpreadElement' ? notKnown(value) : value);
    if (items.length > ITEMS_MAX) return unreadable('a list that is too long', at);
  }
  return { kind: 'list', items, at };
}

function readName(name: string, scope: Scope, at: Spot): OldValue {
  const known = scope.find(name);
  if (known !== undefined) return known;
  if (name === 'undefined') return scalar(null, at);
  // Paths count from the file's own folder.
  return name === '__dirname' ? scalar('.', at) : unreadable(`${name} (set nowhere in the file)`, at);
}

function readMember(node: MemberExpression, read: (inner: AnyNode) => OldValue, at: Spot): OldValue {
  if (node.object.type === 'Super' || node.property.type === 'PrivateIdentifier')
    return unreadable('a member of a class', at);
  const name = memberName(node, read);
  const path = dottedName(node);
  // Said as its owner wrote it.
  if (path?.startsWith('process.') || path?.startsWith('import.')) return unreadable(path, at);
  const owner = read(node.object);
  if (name !== undefined && owner.kind === 'group') return owner.members.get(name)?.value ?? scalar(null, at);
  if (name !== undefined && owner.kind === 'list') return owner.items[Number(name)] ?? scalar(null, at);
  return owner.kind === 'unreadable' ? owner : unreadable(path ?? 'a member', at);
}

function readUnary(operator: string, value: OldValue, at: Spot): OldValue {
  if (value.kind !== 'scalar') return notKnown(value);
  if (operator === '-') return scalar(-Number(value.value), at);
  if (operator === '+') return scalar(Number(value.value), at);
  if (operator === '!') return scalar(!value.value, at);
  return unreadable(`the operator ${operator}`, at);
}

function readBinary(operator: BinaryOperator, left: OldValue, right: OldValue, at: Spot): OldValue {
  if (left.kind !== 'scalar') return notKnown(left);
  if (right.kind !== 'scalar') return notKnown(right);
  const [a, b] = [left.value, right.value];
  if (operator === '+' && (typeof a === 'string' || typeof b === 'string')) return scalar(`${a}${b}`, at);
  switch (operator) {
    case '+':
      return scalar(Number(a) + Number(b), at);
    case '-':
      return scalar(Number(a) - Number(b), at);
    case '*':
      return scalar(Number(a) * Number(b), at);
    case '/':
      return scalar(Number(a) / Number(b), at);
    case '%':
      return scalar(Number(a) % Number(b), at);
    case '**':
      return scalar(Number(a) ** Number(b), at);
    default:
      return unreadable(`the operator ${operator}`, at);
  }
}

/** `a || b`: where only run time knows a, b is what its owner took for usual. */
function readEither(
  operator: '||' | '&&' | '??',
  left: OldValue,
  right: OldValue,
  reading: Reading,
): OldValue {
  if (left.kind === 'unreadable') {
    if (operator === '&&' || right.kind === 'unreadable') return left;
    reading.tookFallback(left.what, left.at);
    return right;
  }
  const isEmpty = left.kind === 'scalar' && (operator === '??' ? left.value === null : !left.value);
  return isEmpty === (operator !== '&&') ? right : left;
}
