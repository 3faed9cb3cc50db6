import { type OldValue, unreadable } from './import-value.ts';

/** The names of a function or block, while a file is read from its top to its end. */
export class Scope {
  readonly #values = new Map<string, OldValue>();
  readonly #parent: Scope | undefined;
  readonly #kind: 'function' | 'branch' | 'block';

  /**
   * @param kind a branch is carried out or not, as run time decides; so is a function's body
   */
  constructor(parent: Scope | undefined, kind: 'function' | 'branch' | 'block') {
    this.#parent = parent;
    this.#kind = kind;
  }

  /** @param isVar belongs to the whole function, not to the block */
  declare(name: string, value: OldValue, isVar = false): void {
    if (isVar && this.#kind !== 'function' && this.#parent !== undefined)
      this.#parent.declare(name, value, true);
    else this.#values.set(name, value);
  }

  find(name: string): OldValue | undefined {
    const holder = this.#holder(name);
    return holder === undefined ? undefined : holder.scope.#values.get(name);
  }

  /** A name that is set anew. Where run time decides whether it is, neither value is known. */
  assign(name: string, value: OldValue): void {
    const holder = this.#holder(name);
    if (holder === undefined) this.#top().#values.set(name, value);
    else holder.scope.#values.set(name, this.afterSetting(name, holder.scope.#values.get(name), value));
  }

  /**
   * @param root the name that leads to what is set
   * @returns what is known of it from then on
   */
  afterSetting(root: string, before: OldValue | undefined, after: OldValue): OldValue {
    const isCertain = this.#holder(root)?.isCertain !== false;
    const wasEmpty = before === undefined || (before.kind === 'scalar' && before.value === null);
    return isCertain || wasEmpty
      ? after
      : unreadable('what is set under a condition or in a function', after.at);
  }

  /** The names declared right here, with their values. */
  get entries(): Iterable<readonly [string, OldValue]> {
    return this.#values;
  }

  #holder(name: string): { readonly scope: Scope; readonly isCertain: boolean } | undefined {
    let isCertain = true;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#parent) {
      if (scope.#values.has(name)) return { scope, isCertain };
      if (scope.#kind !== 'block') isCertain = false;
    }
    return undefined;
  }

  #top(): Scope {
    let scope: Scope = this;
    while (scope.#parent !== undefined) scope = scope.#parent;
    return scope;
  }
}
