import assert from 'node:assert/strict';
import { difficultyToTarget } from '../../src/chain/target.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { JobBook } from '../../src/mining/job-book.ts';
import type { Log, RandomSource } from '../../src/mining/ports.ts';
import { parseTemplate, type Template } from '../../src/mining/template.ts';
import { readGolden } from './golden.ts';

/** A recorded template of ravend, with fields replaced where a test asks for it. */
export function recordedTemplate(changes: Readonly<Record<string, unknown>> = {}): Template {
  const parsed = parseTemplate({ ...rawTemplate(), ...changes }, KAWPOW);
  assert(parsed.ok, parsed.ok ? '' : parsed.reason);
  return parsed.template;
}

/** The same as ravend sent it. */
export function rawTemplate(name = '2-tx-no-miningaddress'): Record<string, unknown> {
  const recorded = readGolden(`ravend/getblocktemplate/${name}.json`) as {
    response: { result: Record<string, unknown> };
  };
  return recorded.response.result;
}

/** A block hash made of one repeated byte. */
export function tipOf(byte: number): string {
  return byte.toString(16).padStart(2, '0').repeat(32);
}

export const PAYOUT = { mainScript: Uint8Array.of(0x51), recipients: [] };

/** A job book that holds the recorded template. */
export function bookWithTemplate(): JobBook {
  const book = new JobBook(new TextEncoder().encode('/KPSS/'));
  book.add(recordedTemplate());
  return book;
}

/** Every hash meets it. */
export const EASIEST = difficultyToTarget(1e-12);

/** Zeros: what chance decides, is decided the same way each time. */
export const noRandom: RandomSource = { bytes: (length) => new Uint8Array(length) };

/** Drops every line. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
