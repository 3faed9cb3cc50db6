import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readGoldenText } from '../../test/support/golden.ts';
import { importServer } from './import-server.ts';
import { readOldSource } from './import-source.ts';
import { importedText } from './import-text.ts';
import type { OldValue } from './import-value.ts';

const FILES: Readonly<Record<string, string>> = {
  './beside.json': '{ "port": 7, "list": [1, 2] }',
  './module.js': 'const own = require("./module"); module.exports = { port: 8, own }; exports.lost = 1;',
  './broken.json': '{ "port": 7',
};

function read(text: string, name = 'server.js') {
  const result = readOldSource(text, name, (path) => {
    const found = FILES[path];
    return found === undefined ? { problem: 'there is no such file' } : { text: found };
  });
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.source;
}

/** As plain data; a text in angle brackets is what cannot be read. */
function plain(value: OldValue): unknown {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(plain);
    case 'group':
      return new Map(Array.from(value.members, ([name, member]) => [name, plain(member.value)]));
    case 'unreadable':
      return `<${value.what}>`;
    default:
      return `<${value.kind}>`;
  }
}

/** What the option `x` of the one pool is. */
function optionOf(program: string): unknown {
  const { pools } = read(program);
  assert.equal(pools.length, 1, program);
  const [pool] = pools;
  assert.equal(pool?.options.kind, 'group');
  return pool.options.kind === 'group' ? plain(pool.options.members.get('x')?.value as OldValue) : undefined;
}

/** What an expression says. */
function readOf(expression: string, before = ''): unknown {
  return optionOf(`${before}; createPool({ x: ${expression} });`);
}

describe('an expression', () => {
  test('is read where its parts stand in the file', () => {
    assert.equal(readOf('60 * 10 - 2 ** 3'), 592);
    assert.equal(readOf('-(+"5") / 2 % 2'), -0.5);
    assert.equal(readOf('"a" + 1 + `b$' + '{2}c`'), 'a1b2c');
    assert.equal(readOf('!0'), true);
    assert.equal(readOf('undefined'), null);
    assert.deepEqual(readOf('[1, , "two", ...list]', 'var list = [3, 4]'), [1, 'two', 3, 4]);
    assert.deepEqual(
      readOf('{ a: 1, "b": 2, 3: 3, [key]: 4, key, ...more }', 'var key = "k", more = { a: 5 }'),
      new Map<string, unknown>([
        ['a', 5],
        ['b', 2],
        ['3', 3],
        ['k', 4],
        ['key', 'k'],
      ]),
    );
    assert.equal(readOf('a.b[1]["c"]', 'var a = { b: [0, { c: 9 }] }'), 9);
    assert.equal(readOf('a?.b', 'var a = { b: 9 }'), 9);
    assert.equal(readOf('flag ? 1 : 2', 'var flag = false'), 2);
    assert.equal(readOf('parseInt("33") + Number("1e2") + parseFloat("0.5")'), 133.5);
    assert.equal(readOf('String(5)'), '5');
    assert.equal(readOf('(1, 2)'), 2);
  });

  test('that only run time knows is told by its name', () => {
    assert.equal(readOf('process.env.PORT'), '<process.env.PORT>');
    assert.equal(readOf('process.env["PORT"]'), '<process.env.PORT>');
    assert.equal(readOf('read("x")'), '<a call of read>');
    assert.equal(readOf('"a" + os.hostname()'), '<a call of os.hostname>');
    assert.equal(readOf('nowhere'), '<nowhere (set nowhere in the file)>');
    assert.equal(readOf('Number("x")'), '<a number that is not finite>');
    assert.equal(readOf('/a/'), '<a regular expression>');
    assert.equal(readOf('new Date()'), '<a call of Date>');
    assert.equal(readOf('function () {}'), '<function>');
    assert.equal(readOf('1n'), '<a value that no setting has>');
    assert.equal(readOf('Number("5")', 'function Number() {}'), '<a call of Number>');
  });

  test('with a default of its own is that default, and this is told', () => {
    const source = read('createPool({ x: process.env.PORT || 3333, y: 0 || 5, z: null ?? 6, w: 7 && 8 });');
    const [pool] = source.pools;
    assert.deepEqual(
      pool && plain(pool.options),
      new Map([
        ['x', 3333],
        ['y', 5],
        ['z', 6],
        ['w', 8],
      ]),
    );
    assert.deepEqual(
      source.notes.map(({ text }) => text),
      ['process.env.PORT is not looked at: what stands behind || was taken'],
    );
  });

  test('out of a file beside is what stands in that file', () => {
    assert.equal(readOf('require("./beside").port', ''), 7);
    assert.equal(readOf('require("./beside.json").list[1]'), 2);
    assert.equal(readOf('JSON.parse(fs.readFileSync(__dirname + "/beside.json", "utf8")).port'), 7);
    assert.equal(readOf('JSON.parse(fs.readFileSync(path.join(__dirname, "beside.json"))).port'), 7);
    assert.equal(readOf('c.port', 'const c = require("./module")'), 8);
    assert.equal(readOf('require("./gone.json").port'), '<./gone.json (there is no such file)>');
    assert.match(String(readOf('require("./broken.json")')), /broken\.json:1:12: this is no JavaScript/);
    assert.match(String(readOf('require("./module").own')), /needs itself/);
    assert.equal(readOf('require("os")'), '<the module os>');
  });
});

describe('a statement', () => {
  test('counts in its order', () => {
    assert.equal(optionOf('var o = { x: 1 }; o.x = 2; createPool(o)'), 2);
    assert.equal(optionOf('var o = {}; o["x"] = { y: 1 }; o.x.y = 3; o.x = o.x.y; createPool(o)'), 3);
    assert.equal(readOf('a', 'let a = 1; { let a = 2; } a = a + 2'), 3);
    assert.equal(readOf('a', 'let a; { a = 2; }'), 2);
    assert.equal(readOf('port', 'const { host, port = 5, ...rest } = { host: 1 }'), 5);
    assert.equal(readOf('b', 'const [a, b] = [1, 2]'), 2);
    assert.equal(optionOf('var a = {}; createPool(Object.assign(a, { x: 1 }, { x: 2 }))'), 2);
  });

  test('that may or may not be carried out leaves unknown what it sets', () => {
    const unknown = '<what is set under a condition or in a function>';
    assert.equal(readOf('a', 'var a = 1; if (random()) a = 2'), unknown);
    assert.equal(readOf('a', 'var a = 1; for (;;) { a = 2 }'), unknown);
    assert.equal(optionOf('var o = { x: 1 }; if (random()) o.x = 2; createPool(o)'), unknown);
    assert.equal(readOf('a', 'var a; if (random()) a = 2'), 2);
    assert.equal(readOf('a', 'var a = 1; a += 1'), '<the assignment +=>');
  });

  test('makes a pool wherever it stands', () => {
    for (const program of [
      'const { createPool } = require("stratum-pool"); function start() { createPool({ x: 1 }) } start()',
      'var s = require("stratum-pool"); setTimeout(() => s.createPool({ x: 1 }, auth).on("share", f).start(), 5)',
      'class Server { constructor() { this.o = { x: 1 } } run() { this.pool = new createPool(this.o) } }',
      'if (up) { try { Stratum.createPool({ x: 1 }) } catch {} }',
      '(async () => { await Stratum.createPool({ x: 1 }) })()',
      'import Stratum from "stratum-pool"; export const pool = Stratum.createPool({ x: 1 });',
      '#!/usr/bin/env node\nreturn require("stratum-pool").createPool({ x: 1 })',
      'switch (1) { case 1: var o = { x: 1 }; createPool(o) }',
    ]) {
      assert.equal(optionOf(program), 1, program);
    }
  });

  test('that makes a pool of what goes through a function is helped by what looks like a pool', () => {
    const options = '{ x: 1, coin: {}, ports: {} }';
    for (const program of [
      `[${options}].forEach(o => createPool(o))`,
      `var all = [${options}]; for (const o of all) createPool(o)`,
      `function make(o) { return createPool(o) } make(${options})`,
    ]) {
      const taken = read(program).pools.filter((pool) => pool.options.kind === 'group');
      assert.equal(taken.length, 1, program);
    }
    assert.equal(optionOf(`module.exports = { options: ${options} }`), 1);
  });
});

test('what is listened to, and calls that change a list, are told', () => {
  const source = read(
    'var d = []; d.push(1); var p = createPool({ d }).on("share", f); p.on("log", g); d.map(h)',
  );
  assert.deepEqual(
    source.handlers.map(({ event }) => event),
    ['share', 'log'],
  );
  assert.deepEqual(
    source.notes.map(({ text }) => text),
    ['d.push(…) is not carried out: what it changes is not here'],
  );
});

test('broken JavaScript is told with line and column', () => {
  const problem = (text: string): string => {
    const result = readOldSource(text, 'server.js', () => ({ problem: '' }));
    return result.ok ? '' : result.problem;
  };
  assert.equal(
    problem('var a = {\n  b: 1\n  c: 2\n};'),
    'server.js:3:3: this is no JavaScript that can be read: Unexpected token',
  );
  assert.equal(
    problem('x = '.concat('['.repeat(50_000))).replace(/:\d+: /, ': '),
    'server.js:1: this is no JavaScript that can be read: it is nested too deeply',
  );
  assert.match(problem('{ "coin": }'), /^server\.js:1:\d+: /);
});

test('short files that would make millions of values are read within bounds', () => {
  const many = `{${Array.from({ length: 9000 }, (_, i) => `k${i}: ${i}`).join()}}`;
  const copies = Array.from({ length: 20_000 }, () => '{ ...a }').join();
  const { pools } = read(`var a = ${many}; createPool({ x: [${copies}] })`);
  assert.equal(pools.length, 1);
  const doubled = 'b = [...b, ...b]; t = t + t;'.repeat(60);
  assert.equal(pools.length, 1);
  assert.match(String(readOf('t', `var b = [1], t = "t"; ${doubled}`)), /^<a very long text>$/);
  assert.match(String(readOf('b', `var b = [1], t = "t"; ${doubled}`)), /^</);
  assert.match(String(readOf(`${'['.repeat(240)}${']'.repeat(240)}`)), /nested too deeply/);
});

test('whatever the file, reading it ends without an exception', () => {
  const samples = ['one-pool.js', 'two-pools.js', 'hostile.js', 'pool.json'].map((name) =>
    readGoldenText(`import/${name}`),
  );
  const cut = fc.record({
    text: fc.constantFrom(...samples),
    at: fc.nat(4000),
    length: fc.nat(40),
    put: fc.oneof(
      fc.string(),
      fc.constantFrom('{', '}', ',', '...', 'createPool(', ')', '=', '[', '`${', 'x', '()', '?.'),
    ),
  });
  fc.assert(
    fc.property(cut, ({ text, at, length, put }) => {
      const result = readOldSource(text.slice(0, at) + put + text.slice(at + length), 'server.js', () => ({
        problem: '',
      }));
      if (!result.ok) return assert.match(result.problem, /^server\.js:\d+:\d+: /);
      const { instances } = importServer(result.source, '/srv');
      if (instances.length > 0) assert.ok(importedText(instances, 'server.js').length > 0);
    }),
    { numRuns: 300 },
  );
});
