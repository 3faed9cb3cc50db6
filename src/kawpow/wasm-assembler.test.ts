import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choose,
  countUp,
  type FunctionScope,
  ifElse,
  type Local,
  ModuleBuilder,
  when,
} from './wasm-assembler.ts';
import { type Code, i32, select, signedLeb, unsignedLeb } from './wasm-ops.ts';
import { compileModule, createSharedMemory, instantiate } from './webassembly.ts';

/** Runs a function of one number. */
function compiled(
  write: (scope: FunctionScope, input: Local) => Code,
): (input: number) => number | undefined {
  const module = new ModuleBuilder({ min: 1, max: 1 });
  const base = module.importedConstant('base');
  const inner = module.function({ parameters: ['i32'], result: 'i32' }, (scope, input) =>
    write(scope, input as Local),
  );
  module.function({ parameters: ['i32'], result: 'i32', exported: 'run' }, (_, input) =>
    i32.add(base, inner.call((input as Local).get)),
  );
  const { run } = instantiate(compileModule(module.bytes()), { memory: createSharedMemory(1), base: 1000 });
  assert.ok(run);
  return run;
}

test('numbers are written in LEB128 as the specification of DWARF has them', () => {
  assert.deepEqual(unsignedLeb(2), [2]);
  assert.deepEqual(unsignedLeb(127), [127]);
  assert.deepEqual(unsignedLeb(128), [0x80, 1]);
  assert.deepEqual(unsignedLeb(12_857), [0xb9, 0x64]);
  assert.deepEqual(unsignedLeb(0xffff_ffff), [0xff, 0xff, 0xff, 0xff, 0x0f]);
  assert.deepEqual(signedLeb(2n), [2]);
  assert.deepEqual(signedLeb(-2n), [0x7e]);
  assert.deepEqual(signedLeb(127n), [0xff, 0]);
  assert.deepEqual(signedLeb(-128n), [0x80, 0x7f]);
  assert.deepEqual(signedLeb(-129n), [0xff, 0x7e]);
});

test('one of several cases is chosen, the last one for all greater numbers', () => {
  const run = compiled((scope, input) => {
    const answer = scope.local('i32');
    const cases = [10, 11, 12].map((value) => answer.set(i32.add(answer.get, i32.const(value))));
    return [...choose(input.get, cases), ...answer.get];
  });
  assert.deepEqual([0, 1, 2, 3, -1].map(run), [1010, 1011, 1012, 1012, 1012]);
});

test('a loop counts up to its end and runs at least once', () => {
  const run = compiled((scope, end) => {
    const [counter, sum] = [scope.local('i32'), scope.local('i32')];
    return [...countUp(counter, 2, end.get, sum.set(i32.add(sum.get, counter.get))), ...sum.get];
  });
  assert.deepEqual([0, 1, 6, 7].map(run), [1000, 1000, 1006, 1012]);
});

test('conditions choose statements and values', () => {
  const run = compiled((scope, input) => {
    const answer = scope.local('i32');
    const isSmall = i32.lessUnsigned(input.get, i32.const(5));
    return [
      ...ifElse(isSmall, answer.set(i32.const(1)), answer.set(i32.const(2))),
      ...i32.add(answer.get, select(i32.const(10), i32.const(20), isSmall)),
    ];
  });
  assert.deepEqual([4, 5].map(run), [1011, 1022]);
});

test('functions with many locals, and long ones, are encoded right', () => {
  const run = compiled((scope, input) => {
    const locals = scope.locals(200, 'i32');
    const chain = locals.flatMap((local, i) =>
      local.set(i32.add((locals[i - 1] ?? input).get, i32.const(1))),
    );
    return [...chain, ...(locals.at(-1) as Local).get];
  });
  assert.equal(run(-1200), 0);
});

test('a statement runs only where its condition holds', () => {
  const run = compiled((scope, input) => {
    const answer = scope.local('i32');
    return [...when(input.get, answer.set(i32.const(7))), ...answer.get];
  });
  assert.deepEqual([0, 1, -1].map(run), [1000, 1007, 1007]);
});

test('functions of JavaScript are called with their arguments, beside the module’s own', () => {
  const module = new ModuleBuilder({ min: 1, max: 1 });
  const tell = module.importedFunction('tell', { parameters: ['i32', 'i32'] });
  const ask = module.importedFunction('ask', { parameters: ['i32'], result: 'i32' });
  const add = module.function({ parameters: ['i32'], result: 'i32' }, (_, input) =>
    i32.add((input as Local).get, i32.const(1)),
  );
  module.function({ parameters: ['i32'], result: 'i32', exported: 'run' }, (_, input) => {
    const { get } = input as Local;
    return [...tell.call(get, add.call(get)), ...ask.call(add.call(ask.call(get)))];
  });
  const told: number[][] = [];
  const { run } = instantiate(compileModule(module.bytes()), {
    memory: createSharedMemory(1),
    tell: (...values) => void told.push(values),
    ask: (value) => value * 10,
  });
  assert.equal(run?.(4), 410);
  assert.deepEqual(told, [[4, 5]]);
});

test('an imported function cannot be declared after the module’s own', () => {
  const module = new ModuleBuilder({ min: 1, max: 1 });
  module.function({ parameters: [] }, () => []);
  assert.throws(() => module.importedFunction('late', { parameters: [] }), /before all others/);
});
