import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAIN, MAIN_P2SH, only, resolve } from './support/config.ts';
import { readRepository } from './support/tidy-files.ts';

// What the documents tell people to type must work.

const files = readRepository();
const documents = files.filter(({ path }) => path.endsWith('.md') && !path.startsWith('test/golden/'));

function textOf(path: string): string {
  const file = files.find((candidate) => candidate.path === path);
  assert.ok(file, `${path} is missing`);
  return file.text;
}

test('the configuration in README.md is right, and is what happens without it', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(textOf('README.md'))?.[1];
  assert.ok(yaml, 'README.md has no example');
  const filled = yaml.replace('YOUR_ADDRESS', MAIN).replace('ANOTHER_ADDRESS', MAIN_P2SH);
  const result = resolve(filled);
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
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      assert.ok(
        files.some((file) => file.path === folder + target),
        `${path}: there is no ${target}`,
      );
    }
  }
});
