import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeError, encodeResult, parseRequest, printable } from './messages.ts';

function request(line: string) {
  const parsed = parseRequest(line);
  assert(parsed.ok, parsed.ok ? '' : parsed.text);
  return parsed.request;
}

test('kawpowminer’s lines, as seen on the wire', () => {
  assert.deepEqual(
    request('{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4+commit.632f6ea0"]}'),
    { method: 'subscribe', id: 1, agent: 'kawpowminer/1.2.4+commit.632f6ea0' },
  );
  assert.deepEqual(request('{"id":1,"method":"mining.subscribe","params":[]}'), {
    method: 'subscribe',
    id: 1,
    agent: '',
  });
  assert.deepEqual(request('{"id":3,"method":"mining.authorize","params":["addr.rig1","X"]}'), {
    method: 'authorize',
    id: 3,
    userName: 'addr.rig1',
    password: 'X',
  });
  const mix = `0x${'ab'.repeat(32)}`;
  const header = `0x${'cd'.repeat(32)}`;
  assert.deepEqual(
    request(
      `{"id":40,"method":"mining.submit","params":["addr.rig1","10000","0x00a7000000000001","${header}","${mix}"],"worker":"rig1"}`,
    ),
    {
      method: 'submit',
      id: 40,
      submission: { jobId: '10000', nonceHex: '0x00a7000000000001', headerHashHex: header, mixHashHex: mix },
    },
  );
  const rate = `0x${'00000000000000000000000001c9c380'}`;
  assert.deepEqual(
    request(`{"id":9,"method":"eth_submitHashrate","params":["${rate}","0x${'0'.repeat(64)}"]}`),
    {
      method: 'report-hashrate',
      id: 9,
      hashesPerS: 30_000_000,
    },
  );
  assert.deepEqual(request('{"error":"Method not found","id":0}'), { method: 'none' });
});

test('what kawpowminer’s autodetection tries is understood, at most as unsupported', () => {
  const hello =
    '{"id":0,"method":"mining.hello","params":{"agent":"kawpowminer","host":"h","port":"d05","proto":"EthereumStratum/2.0.0"}}';
  assert.deepEqual(request(hello), { method: 'unsupported', id: 0, name: 'mining.hello' });
  assert.deepEqual(
    request('{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4","EthereumStratum/1.0.0"]}'),
    {
      method: 'subscribe',
      id: 1,
      agent: 'kawpowminer/1.2.4',
    },
  );
  assert.deepEqual(request('{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["a","x"]}'), {
    method: 'unsupported',
    id: 1,
    name: 'eth_submitLogin',
  });
});

test('an id that no double holds comes back as it was written, whatever stands beside it', () => {
  const deep = `${'['.repeat(4_000)}${']'.repeat(4_000)}`;
  for (const line of [
    `{"id":1.50,"method":"m","params":${deep}}`,
    '{"id":7,"x":{"id":8.5},"id":1.50,"method":"m","params":[{"id":9.5},"\\"id\\":3.5"]}',
    '{"\\u0069d":1.50,"method":"m"}',
  ]) {
    assert.deepEqual(request(line).method === 'unsupported' && request(line), {
      method: 'unsupported',
      id: { source: '1.50' },
      name: 'm',
    });
  }
});

test('nulls, missing and senseless params are read as absent', () => {
  assert.deepEqual(
    request('{"id":1,"method":"mining.subscribe","params":["GMiner/2.09",null,"host","port"]}'),
    {
      method: 'subscribe',
      id: 1,
      agent: 'GMiner/2.09',
    },
  );
  for (const params of [
    '',
    ',"params":null',
    ',"params":{}',
    ',"params":[null]',
    ',"params":7',
    ',"params":[[]]',
  ]) {
    assert.deepEqual(request(`{"id":1,"method":"mining.subscribe"${params}}`), {
      method: 'subscribe',
      id: 1,
      agent: '',
    });
    assert.equal(request(`{"id":1,"method":"mining.submit"${params}}`).method, 'submit');
    assert.deepEqual(request(`{"id":1,"method":"mining.authorize"${params}}`), {
      method: 'authorize',
      id: 1,
      userName: '',
      password: '',
    });
  }
});

test('a hashrate is read however it is written, and left out where it cannot be one', () => {
  const rate = (params: string) => {
    const read = request(`{"id":1,"method":"mining.hashrate","params":${params}}`);
    assert(read.method === 'report-hashrate');
    return read.hashesPerS;
  };
  for (const params of [
    '[30000000]',
    '["30000000"]',
    '["3e7"]',
    '["0x1c9c380"]',
    '["0x0000000001C9C380","rig1"]',
    '[{"hashrate":30000000}]',
    '{"hashrate":"30000000.0"}',
  ]) {
    assert.equal(rate(params), 30_000_000, params);
  }
  for (const params of [
    '[]',
    '[null]',
    '["fast"]',
    '[-1]',
    '["1e999"]',
    '[1e16]',
    '["0xffffffffffffffffff"]',
    '[{"hashrate":{"hashrate":1}}]',
  ]) {
    assert.equal(rate(params), undefined, params);
  }
});

test('a suggested difficulty or target is read, and anything else is none', () => {
  const difficulty = (method: string, param: string) => {
    const read = request(`{"id":1,"method":"mining.suggest_${method}","params":[${param}]}`);
    assert(read.method === 'suggest-difficulty');
    return read.difficulty;
  };
  for (const half of ['0.5', '"0.5"', '5e-1']) assert.equal(difficulty('difficulty', half), 0.5);
  for (const none of ['0', '-1', 'null', '"x"', '1e999', '{}', '[]']) {
    assert.equal(difficulty('difficulty', none), undefined, none);
  }
  const diff1 = `00000000ffff${'0'.repeat(52)}`;
  assert.equal(difficulty('target', `"${diff1}"`), 1);
  assert.equal(difficulty('target', `"0x${diff1.toUpperCase()}"`), 1);
  for (const none of ['""', '"0"', '"xyz"', `"1${diff1}"`, 'null']) {
    assert.equal(difficulty('target', none), undefined, none);
  }
});

test('what miners ask out of habit has an answer that lets them go on', () => {
  const courtesy = (method: string, params = '[]') => {
    const read = request(`{"id":1,"method":"${method}","params":${params}}`);
    assert(read.method === 'courtesy', method);
    return read.result;
  };
  assert.deepEqual(courtesy('mining.get_transactions', '["10000"]'), []);
  assert.equal(courtesy('mining.multi_version', '[1]'), true);
  assert.equal(courtesy('mining.ping'), 'pong');
  assert.equal(courtesy('client.get_version'), 'KPSS');
  assert.deepEqual(courtesy('mining.configure', '[["version-rolling","minimum-difficulty"],{"x":1}]'), {
    'version-rolling': false,
    'minimum-difficulty': false,
  });
  for (const params of ['[]', '[null]', '{}', '[[1,{}]]']) {
    assert.deepEqual(courtesy('mining.configure', params), {});
  }
  const many = JSON.stringify([Array.from({ length: 1000 }, (_, i) => `extension-${i}`)]);
  assert.equal(Object.keys(courtesy('mining.configure', many)).length, 8);
  for (const method of ['eth_getWork', 'login', 'constructor', '__proto__', 'toString']) {
    assert.equal(request(`{"id":1,"method":"${method}"}`).method, 'unsupported');
  }
});

test('a worker or password that is a number is one that lost its quotes', () => {
  assert.deepEqual(request('{"id":1,"method":"mining.authorize","params":[7,123]}'), {
    method: 'authorize',
    id: 1,
    userName: '7',
    password: '123',
  });
});

test('ids come back as they are, whatever type of scalar they have', () => {
  for (const id of [0, -1, 7, 'abc', '', true, null]) {
    const parsed = request(JSON.stringify({ id, method: 'mining.extranonce.subscribe', params: [] }));
    assert.deepEqual(parsed, { method: 'courtesy', id, result: true });
  }
  for (const id of ['{"a":1}', '[1]', `"${'x'.repeat(200)}"`]) {
    assert.deepEqual(request(`{"id":${id},"method":"mining.extranonce.subscribe"}`), {
      method: 'courtesy',
      id: null,
      result: true,
    });
  }
  assert.deepEqual(request('{"method":"mining.extranonce.subscribe"}'), {
    method: 'courtesy',
    id: null,
    result: true,
  });
});

test('an id that no double holds comes back digit for digit', () => {
  for (const digits of [
    '12345678901234567891',
    '1e400',
    '0.1000000000000000055511151231257827',
    '-9007199254740993',
  ]) {
    const line = `{"params":[{"id":7}],"id":${digits},"method":"mining.extranonce.subscribe"}`;
    const parsed = request(line);
    assert(parsed.method === 'courtesy');
    assert.equal(encodeResult(parsed.id, true), `{"id":${digits},"result":true,"error":null}\n`);
    assert.equal(encodeError(parsed.id, 20, 'x'), `{"id":${digits},"result":null,"error":[20,"x",null]}\n`);
  }
  const tooLong = request(`{"id":${'9'.repeat(4000)},"method":"mining.extranonce.subscribe"}`);
  assert.deepEqual(tooLong, { method: 'courtesy', id: null, result: true });
});

test('what is no request is told so', () => {
  for (const line of [
    '',
    'x',
    '{',
    '{"id":1',
    'null',
    '1',
    '"x"',
    '[]',
    '[1,2]',
    'GET / HTTP/1.1',
    '\u0000',
    '{"id":1,}',
  ]) {
    const parsed = parseRequest(line);
    assert.equal(parsed.ok, false, line);
  }
  assert.deepEqual(parseRequest('{"id":5,"method":null}'), {
    ok: false,
    id: 5,
    text: 'method is not a text',
  });
  assert.deepEqual(parseRequest('{"id":5,"method":7}'), { ok: false, id: 5, text: 'method is not a text' });
});

test('JSON 5,000 levels deep is read like any other', () => {
  const deep = '['.repeat(4000) + ']'.repeat(4000);
  assert.equal(parseRequest(`{"id":1,"method":"mining.subscribe","params":${deep}}`).ok, true);
  assert.equal(parseRequest(`{"id":${deep},"method":"mining.subscribe"}`).ok, true);
  assert.equal(parseRequest('['.repeat(8000)).ok, false);
  assert.equal(parseRequest('{"a":'.repeat(1600)).ok, false);
});

test('no line makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => typeof parseRequest(line).ok === 'boolean'));
  fc.assert(fc.property(fc.json(), (line) => typeof parseRequest(line).ok === 'boolean'));
  const method = fc.constantFrom(
    'mining.subscribe',
    'mining.authorize',
    'mining.submit',
    'eth_submitHashrate',
    'x',
  );
  fc.assert(
    fc.property(fc.jsonValue(), method, fc.jsonValue(), (id, name, params) => {
      return parseRequest(JSON.stringify({ id, method: name, params })).ok;
    }),
  );
});

test('what is shown to people holds no control codes', () => {
  assert.equal(printable('a\u001b[2Jb\n\u0000é'), 'a?[2Jb???');
  assert.equal(printable('x'.repeat(100)).length, 64);
});
