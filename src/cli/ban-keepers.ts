import { readdir } from 'node:fs/promises';
import { apiBans } from '../api-parts.ts';
import { KpssError } from '../error.ts';
import { decodeBans, encodeBans } from '../store/ban-records.ts';
import { bannedInstance, bansPath, createBanFile } from '../store/ban-store.ts';
import { JournalLock } from '../store/journal-lock.ts';
import { journalPath } from '../store/journal-store.ts';
import type { Ban } from '../stratum/bans.ts';
import type { ApiBan, ApiBans, ApiLifted } from '../web/api-types.ts';
import { apiUrlOf, askApi, isApiError, notOfKpss } from './api-client.ts';

/** Where there is no file. */
const NO_BANS = encodeBans([]);

/** What a keeper of bans answers; `isAbsent`: there is no such keeper. */
export type Told<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly isAbsent?: boolean; readonly sentence: string };

/** Who knows the bans of all instances, and can lift them: a KPSS that runs, or the files of one that does not. */
export interface BanKeeper {
  list(): Promise<Told<readonly ApiBan[]>>;
  /**
   * @param address as it is listed; all of the instance where undefined
   * @returns how many were lifted
   */
  lift(instance: string, address: string | undefined): Promise<Told<number>>;
}

/** @param base URL of its HTTP side */
export function runningKeeper(base: URL, signal: AbortSignal): BanKeeper {
  const urlOf = (...parts: readonly string[]): URL => {
    const path = ['/api/v1/bans', ...parts.map(encodeURIComponent)].join('/');
    return apiUrlOf(base.origin, path) ?? base;
  };
  return {
    async list() {
      const url = urlOf();
      const answer = await askApi(url, { signal });
      if (!answer.ok) return answer;
      if (isBans(answer.value)) return { ok: true, value: answer.value.bans };
      return { ok: false, sentence: notOfKpss(url, 'the list of bans', answer.value) };
    },
    async lift(instance, address) {
      const url = urlOf(instance, ...(address === undefined ? [] : [address]));
      const answer = await askApi(url, { signal, method: 'DELETE' });
      if (!answer.ok) return answer;
      const { value } = answer;
      if (isLifted(value)) return { ok: true, value: value.lifted };
      if (!isApiError(value)) return { ok: false, sentence: notOfKpss(url, 'an answer', value) };
      // It ended, or somebody else was quicker.
      if (value.error.code === 'not-banned') return { ok: true, value: 0 };
      return { ok: false, sentence: value.error.message };
    },
  };
}

/**
 * The files of a KPSS that does not run; the next start reads them.
 * @param nowMs since when what is over by then does not count
 */
export function fileKeeper(dataDirectory: string, nowMs: number): BanKeeper {
  return {
    async list() {
      try {
        const names = (await namesIn(dataDirectory)).toSorted();
        const all = names.flatMap((name) => apiBans(name, bansIn(dataDirectory, name, nowMs)));
        return { ok: true, value: all };
      } catch (error) {
        return { ok: false, sentence: sentenceOf(error) };
      }
    },
    async lift(instance, address) {
      // What runs would write its own list over it, and asks the file at its start only.
      const holder = await new JournalLock(journalPath(dataDirectory, instance)).holder();
      if (holder !== undefined) {
        const sentence = `${instance} is served by a KPSS that runs (process ${holder}): its web: is off or elsewhere; --url says where`;
        return { ok: false, sentence };
      }
      try {
        const file = createBanFile(bansPath(dataDirectory, instance));
        const { bans, isDamaged } = decodeBans(file.read() ?? NO_BANS, nowMs);
        const left = address === undefined ? [] : bans.filter((ban) => ban.address !== address);
        if (left.length < bans.length) {
          if (isDamaged) file.keepCopy();
          await file.write(encodeBans(left));
        }
        return { ok: true, value: bans.length - left.length };
      } catch (error) {
        return { ok: false, sentence: sentenceOf(error) };
      }
    },
  };
}

async function namesIn(dataDirectory: string): Promise<string[]> {
  try {
    return (await readdir(dataDirectory)).flatMap((file) => bannedInstance(file) ?? []);
  } catch (error) {
    // Nothing was written down yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** @throws KpssError KPSS_BANS_UNREADABLE */
function bansIn(dataDirectory: string, instance: string, nowMs: number): readonly Ban[] {
  const file = createBanFile(bansPath(dataDirectory, instance));
  return decodeBans(file.read() ?? NO_BANS, nowMs).bans;
}

function sentenceOf(error: unknown): string {
  if (error instanceof KpssError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}

function isBans(answer: unknown): answer is ApiBans {
  const bans = (answer as Partial<ApiBans> | null | undefined)?.bans;
  return Array.isArray(bans) && bans.every((ban: Partial<ApiBan> | null) => typeof ban?.address === 'string');
}

function isLifted(answer: unknown): answer is ApiLifted {
  return typeof (answer as Partial<ApiLifted> | null | undefined)?.lifted === 'number';
}
