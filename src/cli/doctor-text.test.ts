import assert from 'node:assert/strict';
import { test } from 'node:test';
import { red } from '../doctor/check.ts';
import { doctorText } from './doctor-text.ts';

test('what a node says moves no cursor, begins no line and turns no text around', () => {
  const words = 'on \u001b[2J\u0007\n\u009b1mmain\u202e.';
  const check = { ...red('node.network', words, words), instance: 'rvn', node: 'home' };
  const text = doctorText([check], { columns: 100, colour: false, unicode: true });
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.equal(text.split('\n').length, 5);
});
