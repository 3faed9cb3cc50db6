import type { AnyNode, CallExpression, MemberExpression, Node } from 'acorn';
import type { Scope } from './import-scope.ts';
import { notKnown, type OldGroup, type OldValue, type Spot, scalar, unreadable } from './import-value.ts';

/** What reading an expression needs to know of, or tells to, whoever reads the file. */
export interface Reading {
  spotOf(node: Node): Spot;
  /** A function was met: its body is read later. */
  metFunction(node: AnyNode, scope: Scope): void;
  metPool(options: OldValue, authorize: OldValue | undefined, at: Spot): void;
  /** `pool.on('share', …)` */
  metHandler(event: string, at: Spot): void;
  /** `process.env.PORT || 3333`: the second was taken */
  tookFallback(what: string, at: Spot): void;
  /** A call that would change what was read, as `daemons.push(…)`. */
  leftCall(what: string, at: Spot): void;
  /** It went into a call that is not known: perhaps a pool is made of it. */
  passedOn(value: OldValue): void;
  /** @returns whether so many values may be copied once more; a short file could otherwise make millions */
  mayCopy(count: number): boolean;
  /** A module or JSON file beside the file, undefined for a package; its value, or why it has none. */
  required(path: string, at: Spot): OldValue;
}

/** As many ports, nodes and recipients nobody has; `[...a, ...a]` doubles. */
export const ITEMS_MAX = 10_000;

/** What stands around a part of an expression. */
interface Around {
  readonly scope: Scope;
  readonly reading: Reading;
  readonly read: (inner: AnyNode) => OldValue;
  readonly at: Spot;
}

/** `options.ports = …`, `x = …` */
export function assign(target: AnyNode, operator: string, right: OldValue, around: Around): OldValue {
  const { scope, read, at } = around;
  const value = operator === '=' ? right : unreadable(`the assignment ${operator}`, at);
  if (target.type === 'Identifier') scope.assign(target.name, value);
  if (target.type !== 'MemberExpression') return value;
  const owner = target.object.type === 'Super' ? undefined : read(target.object);
  const name = memberName(target, read);
  if (owner?.kind !== 'group' || name === undefined || owner.members.size > ITEMS_MAX) return value;
  const root = dottedName(target)?.split('.')[0] ?? '';
  owner.members.set(name, { at, value: scope.afterSetting(root, owner.members.get(name)?.value, value) });
  return value;
}

/** Pure functions of one value that configurations use. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  Number,
  String,
  parseInt: (value) => Number.parseInt(String(value), 10),
  parseFloat: (value) => Number.parseFloat(String(value)),
};

/** Names that every program gives to these modules of Node's. */
const MODULES: readonly string[] = ['fs', 'path'];

/** Calls that change the list before them. */
const CHANGING = /\.(push|unshift|splice|pop|shift|reverse|sort)$/;

/** Every call's arguments are read, since a pool may be made in one; the call itself is not carried out. */
export function readCall(node: CallExpression, around: Around): OldValue {
  const { scope, reading, read, at } = around;
  const values = node.arguments.map((argument) =>
    read(argument.type === 'SpreadElement' ? argument.argument : argument),
  );
  const { callee } = node;
  if (callee.type === 'Super') return unreadable('a call', at);
  const name = dottedName(callee) ?? '';
  const method = callee.type === 'MemberExpression' && callee.object.type !== 'Super' ? callee : undefined;
  const [first, second] = values;
  const last = method === undefined ? name : memberName(method, read);
  const isOwn = scope.find(name)?.kind === 'function';
  if (last === 'createPool' && first !== undefined && !isOwn) {
    reading.metPool(first, second, at);
    return { kind: 'pool', at };
  }
  const owner = method === undefined ? read(callee) : read(method.object as AnyNode);
  if (owner.kind === 'pool' && method?.property.type === 'Identifier') {
    const isHandler = ['on', 'once', 'addListener'].includes(method.property.name);
    if (isHandler && first?.kind === 'scalar') reading.metHandler(String(first.value), at);
    return owner;
  }
  const root = name.split('.')[0] ?? '';
  // What the file calls so itself may do anything.
  const known =
    MODULES.includes(root) || scope.find(root) === undefined ? knownCall(name, values, around) : undefined;
  if (known !== undefined) return known;
  if (owner.kind === 'list' && CHANGING.test(name)) reading.leftCall(`${name}(…)`, at);
  for (const value of [owner, ...values]) reading.passedOn(value);
  return unreadable(name === '' ? 'a call' : `a call of ${name}`, at);
}

/** @returns undefined for a call that is not known to give the same whenever it is made */
function knownCall(name: string, values: readonly OldValue[], { reading, at }: Around): OldValue | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  const conversion = Object.hasOwn(CONVERSIONS, name) ? CONVERSIONS[name] : undefined;
  if (conversion !== undefined)
    return first.kind === 'scalar' ? scalar(conversion(first.value), at) : notKnown(first);
  switch (name) {
    case 'JSON.parse':
      return first.kind === 'group' || first.kind === 'list' ? first : undefined;
    case 'require':
    case 'fs.readFileSync':
      return first.kind === 'scalar' ? reading.required(String(first.value), at) : undefined;
    case 'Object.freeze':
      return first;
    case 'Object.assign':
      return merged(values, reading, at);
    case 'path.join':
    case 'path.resolve':
      return values.every(({ kind }) => kind === 'scalar')
        ? scalar(values.map((value) => (value.kind === 'scalar' ? String(value.value) : '')).join('/'), at)
        : undefined;
    default:
      return undefined;
  }
}

/** What Object.assign gives; the first group is changed by it, too. */
function merged(values: readonly OldValue[], reading: Reading, at: Spot): OldValue {
  const [target] = values;
  if (target?.kind !== 'group') return unreadable('a call of Object.assign', at);
  for (const source of values.slice(1)) {
    if (source.kind === 'group' && reading.mayCopy(source.members.size)) copyMembers(source, target);
    else target.members.set(`...${target.members.size}`, { at, value: notKnown(source) });
  }
  return target;
}

/** As `...from` does. */
export function copyMembers(from: OldGroup, to: OldGroup): void {
  for (const [name, member] of from.members) if (to.members.size <= ITEMS_MAX) to.members.set(name, member);
}

/** @returns undefined where only run time knows it */
export function memberName(node: MemberExpression, read: (inner: AnyNode) => OldValue): string | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined;
  const key = read(node.property);
  return key.kind === 'scalar' ? String(key.value) : undefined;
}

/** `process.env.PORT`, or undefined where it is no chain of names. */
export function dottedName(node: AnyNode): string | undefined {
  const names: string[] = [];
  let inner: AnyNode = node;
  while (inner.type === 'MemberExpression') {
    if (inner.property.type === 'Literal') names.unshift(String(inner.property.value));
    else if (!inner.computed && inner.property.type === 'Identifier') names.unshift(inner.property.name);
    else return undefined;
    inner = inner.object;
    // Longer chains name nothing.
    if (names.length > 8) return undefined;
  }
  return inner.type === 'Identifier' ? [inner.name, ...names].join('.') : undefined;
}
