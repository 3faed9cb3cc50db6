import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { CONFIG_FOLDER, MAIN } from '../../test/support/config.ts';
import type { Check } from '../doctor/check.ts';
import { type DoctorFlags, runDoctor } from './doctor.ts';
import { doctorJson, doctorText } from './doctor-text.ts';

const PLAIN = { columns: 72, colour: false, unicode: true };
const OF_NODE = { instance: 'ravencoin-main', node: '127.0.0.1:8766' };
const OF_MACHINE = { instance: undefined, node: undefined };
const GREEN: Check = {
  id: 'machine.node-js',
  verdict: 'green',
  sentence: 'Node.js 24.',
  cure: undefined,
  ...OF_MACHINE,
};
const YELLOW: Check = {
  id: 'node.peers',
  verdict: 'yellow',
  sentence: 'It is connected to one other node only: a found block would spread slowly.',
  cure: 'Wait if it has just started; else look at its internet connection and firewall.',
  ...OF_NODE,
};
const RED: Check = {
  ...YELLOW,
  id: 'node.answers',
  verdict: 'red',
  sentence: 'It’s gone.',
  cure: 'Start it.',
};
const GREY: Check = {
  ...RED,
  id: 'node.version',
  verdict: 'skipped',
  sentence: 'Not looked at, since it’s gone.',
  cure: undefined,
};

test('the text has a sign, a name and a sentence for each check, and below it what to do', () => {
  assert.deepEqual(doctorText([GREEN, YELLOW], PLAIN).split('\n'), [
    'This machine',
    '  ✔ Node.js        Node.js 24.',
    '',
    'ravencoin-main, node 127.0.0.1:8766',
    '  ! peers          It is connected to one other node only: a found block',
    '                   would spread slowly.',
    '                   → Wait if it has just started; else look at its',
    '                     internet connection and firewall.',
    '',
    'Everything is ready for a block, and 1 thing to know.',
  ]);
});

test('checks that could not be made for one reason stand in one place; without Unicode there is ASCII', () => {
  const network: Check = { ...GREY, id: 'node.network' };
  const text = doctorText([RED, GREY, network], { ...PLAIN, unicode: false });
  assert.deepEqual(text.split('\n').slice(1), [
    "  x answers        It's gone.",
    '                   > Start it.',
    "  - the rest       version, network: not looked at, since it's gone.",
    '',
    '1 thing stands between here and a found block.',
  ]);
});

test('colours are for terminals only, and change nothing else', () => {
  const coloured = doctorText([GREEN, YELLOW, RED, GREY], { ...PLAIN, colour: true });
  assert.ok(coloured.includes('\u001b[31m✖\u001b[0m'));
  assert.equal(stripVTControlCharacters(coloured), doctorText([GREEN, YELLOW, RED, GREY], PLAIN));
});

test('the JSON has the same for programs', () => {
  const parsed = JSON.parse(doctorJson([GREEN, RED])) as { ok: boolean; checks: object[] };
  assert.equal(parsed.ok, false);
  assert.deepEqual(parsed.checks, [
    {
      id: 'machine.node-js',
      instance: null,
      node: null,
      verdict: 'green',
      sentence: 'Node.js 24.',
      cure: null,
    },
    { id: 'node.answers', ...OF_NODE, verdict: 'red', sentence: 'It’s gone.', cure: 'Start it.' },
  ]);
  assert.equal((JSON.parse(doctorJson([YELLOW, GREY])) as { ok: boolean }).ok, true);
});

async function run(flags: DoctorFlags, found: readonly Check[] = []) {
  const printed: string[] = [];
  const code = await runDoctor(flags, {
    env: {},
    style: PLAIN,
    print: (text) => printed.push(text),
    examine: () => Promise.resolve(found),
  });
  return { code, text: printed.join('\n') };
}

test('exit codes: 0 also with warnings, 1 with anything red, 2 when the configuration is wrong', async () => {
  const flags = { node: 'http://u:p@127.0.0.1:8766', address: MAIN };
  assert.equal((await run(flags, [YELLOW, GREY])).code, 0);
  assert.equal((await run(flags, [YELLOW, RED])).code, 1);
  const wrong = await run({ ...flags, address: 'nonsense1' }, [GREEN]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /✖ settings {7}--address: expected an address of ravencoin main, got/);
});

test('what a node says of itself cannot move the cursor', async () => {
  const rude: Check = { ...RED, sentence: 'It says \u001b[2Jno.', cure: 'Look\nat it.' };
  for (const json of [false, true]) {
    const { text } = await run({ node: 'http://u:p@127.0.0.1:8766', json }, [rude]);
    assert.match(text, /It says {1,2}\[2Jno\./);
    assert.match(text, /Look at it\./);
  }
});

test('a wrong file is told with each of its problems, and nothing else is looked at', async () => {
  const file = join(CONFIG_FOLDER, 'wrong.yaml');
  writeFileSync(file, 'network: mars\nstratum: { port: 99999 }\n');
  const { code, text } = await run({ config: file, json: true }, [GREEN]);
  assert.equal(code, 2);
  const { ok, checks } = JSON.parse(text) as { ok: boolean; checks: { id: string; sentence: string }[] };
  assert.equal(ok, false);
  assert.deepEqual(
    checks.map(({ id }) => id),
    ['config', 'config'],
  );
  assert.match(checks[0]?.sentence ?? '', /wrong\.yaml:1: network: expected main, test or regtest/);
});

test('without a file and flags the defaults are looked at, and kpss init is named', async () => {
  const { code, text } = await run({}, [GREEN]);
  assert.equal(code, 0);
  assert.match(text, /! settings {7}There is no kpss\.yaml in/);
  assert.match(text, /→ kpss init asks for what is needed/);
});
