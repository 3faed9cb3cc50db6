import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../src/cli/program.ts';
import { good, MAIN, MAIN_P2SH, only, resolve, TEST } from './support/config.ts';
import { readRepository } from './support/tidy-files.ts';

// What the documents tell people to type must work.

const files = readRepository();
const documents = files.filter(({ path }) => path.endsWith('.md') && !path.startsWith('test/golden/'));

function textOf(path: string): string {
  const file = files.find((candidate) => candidate.path === path);
  assert.ok(file, `${path} is missing`);
  return file.text;
}

/** Blocks of code in a language, with the addresses that their reader puts in. */
function blocksOf(path: string, language: string): string[] {
  const blocks = textOf(path).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...blocks].map(([, block = '']) =>
    block
      .replaceAll('YOUR_ADDRESS', MAIN)
      .replaceAll('ANOTHER_ADDRESS', MAIN_P2SH)
      .replaceAll('YOUR_TEST_ADDRESS', TEST),
  );
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

test('the configuration in README.md is right, and is what happens without it', () => {
  const [yaml] = blocksOf('README.md', 'yaml');
  assert.ok(yaml, 'README.md has no example');
  const result = resolve(yaml);
  assert.ok(result.ok, result.ok ? '' : result.problems.join('\n'));
  const bare = resolve(undefined);
  assert.ok(bare.ok);
  const [example, defaults] = [only(result.config), only(bare.config)];
  assert.deepEqual(example.stratum, defaults.stratum);
  assert.deepEqual(example.tag, defaults.tag);
  const withoutLogin = example.nodes.map((node, i) => ({
    ...node,
    credentials: defaults.nodes[i]?.credentials,
  }));
  assert.deepEqual(withoutLogin, defaults.nodes);
  assert.deepEqual(example.tips, defaults.tips);
  assert.deepEqual(example.throttle, defaults.throttle);
  assert.deepEqual(result.config.verifier, bare.config.verifier);
  assert.deepEqual(result.config.log, bare.config.log);
  assert.deepEqual(result.config.web, bare.config.web);
  assert.equal(result.config.dataDirectory, bare.config.dataDirectory);
});

test('every configuration in docs/operations.md is right', () => {
  const blocks = blocksOf('docs/operations.md', 'yaml');
  assert.ok(blocks.length > 0, 'docs/operations.md has no example');
  for (const yaml of blocks) {
    const result = resolve(yaml);
    assert.ok(result.ok, result.ok ? '' : `${yaml}\n${result.problems.join('\n')}`);
  }
});

test('raven.conf of docs/operations.md reports to KPSS as it is without settings', () => {
  const config = good(undefined);
  const address = `http://${config.web?.host}:${config.web?.port}/notify/${only(config).name}?hash=%s`;
  const conf = textOf('docs/operations.md');
  assert.ok(conf.includes(`\nblocknotify=curl -s -X POST "${address}"\n`), `no blocknotify to ${address}`);
  const [zmq] = /(?<=\nzmqpubhashblock=)\S+/.exec(conf) ?? [];
  assert.equal(only(good(`node: { zmq: "${zmq}" }`)).nodes[0]?.zmq, zmq);
});

/** Described by the documents as they will be. */
const COMMANDS_TO_COME = ['doctor', 'init', 'status'];

test('every command in the documents exists', () => {
  const program = createProgram(() => {});
  const known = [...program.commands.map((command) => command.name()), 'help', ...COMMANDS_TO_COME];
  for (const { path, text } of documents) {
    for (const [code] of text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)) {
      for (const [, name = ''] of code.matchAll(/\bkpss (?:-- )?([a-z]+)\b/g)) {
        assert.ok(known.includes(name), `${path}: kpss ${name} does not exist`);
      }
    }
  }
});

test('every npm script in the documents exists', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  for (const { path, text } of documents) {
    for (const [, name = ''] of text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)) {
      assert.ok(name in scripts, `${path}: npm run ${name} does not exist`);
    }
  }
});

test('every link to a file of ours leads somewhere', () => {
  for (const { path, text } of documents) {
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [target = '', anchor] = link.split('#');
      const named = target === '' ? path : posix.join(posix.dirname(path), target);
      const file = files.find((candidate) => candidate.path === named);
      assert.ok(file, `${path}: there is no ${target}`);
      if (anchor === undefined) continue;
      const headings = [...file.text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
      assert.ok(headings.includes(anchor), `${path}: ${named} has no heading for #${anchor}`);
    }
  }
});
