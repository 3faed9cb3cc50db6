import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bad, good, MAIN, only, TEST } from '../../test/support/config.ts';

test('everybody may mine unless the file says who', () => {
  assert.deepEqual(only(good('')).login, { password: undefined, allow: undefined });
});

test('a password and a list of names are taken as they stand', () => {
  const yaml = `payout: { address: ${MAIN} }\nstratum:\n  login: { password: 'hush', allow: [home, farm.rig1] }`;
  assert.deepEqual(only(good(yaml)).login, { password: 'hush', allow: ['home', 'farm.rig1'] });
});

test('where each miner is paid at its address, the list has addresses of the network', () => {
  assert.deepEqual(only(good(`stratum: { login: { allow: [${MAIN}, ${MAIN}.rig] } }`)).login.allow, [
    MAIN,
    `${MAIN}.rig`,
  ]);
  const problems = bad(`network: main\nstratum:\n  login:\n    allow: [${MAIN}, home, ${TEST}]`);
  assert.equal(problems.length, 2, problems.join('\n'));
  assert.match(
    problems[0] ?? '',
    /^kpss\.yaml:4: stratum\.login\.allow\[1\]: expected an address of ravencoin main/,
  );
  assert.match(problems[1] ?? '', /allow\[2\]: .* but of ravencoin test/);
});

test('what is wrong is told with its line, and a password is never shown', () => {
  const problems = bad('stratum:\n  login:\n    password: 12345678\n    allow: home\n    secret: hush-hush');
  assert.equal(problems.length, 3, problems.join('\n'));
  assert.match(
    problems[0] ?? '',
    /^kpss\.yaml:3: stratum\.login\.password: expected the password .* in quotes/,
  );
  assert.match(problems[1] ?? '', /^kpss\.yaml:4: stratum\.login\.allow: expected a list/);
  assert.match(problems[2] ?? '', /^kpss\.yaml:5: stratum\.login\.secret: unknown setting/);
  assert.doesNotMatch(problems.join(), /12345678|hush-hush/);
});
