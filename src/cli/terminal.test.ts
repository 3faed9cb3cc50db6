import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASCII, BLOCKS } from './progress-text.ts';
import { glyphsFor } from './terminal.ts';

test('the bar is of blocks where the locale has them, and of ASCII elsewhere', () => {
  for (const env of [
    { LANG: 'en_GB.UTF-8' },
    { LANG: 'C.utf8' },
    { LANG: 'C', LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8' },
    { LANG: 'C', LC_ALL: 'en_US.UTF-8', LC_CTYPE: 'C' },
  ]) {
    assert.equal(glyphsFor(env), BLOCKS, JSON.stringify(env));
  }
  for (const env of [
    {},
    { LANG: 'C' },
    { LANG: 'en_US.ISO-8859-1' },
    { LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' },
    { LANG: 'ja_JP.UTF-8' },
  ]) {
    assert.equal(glyphsFor(env), ASCII, JSON.stringify(env));
  }
});
