import type { ClientReader } from './reader.ts';

/** What a client does next. Of the text, `{user}` and `{password}` are put in; everything else goes out as it is. */
export type Step =
  /** One segment, byte for byte. */
  | { readonly send: string | Uint8Array }
  /** The reply to the request with this id, of the same JSON type, and what it must be. */
  | { readonly id: string | number; readonly is: 'subscribed' | true | 'refused' }
  | { readonly is: 'closed' };

/** A client as the server sees it: what it sends byte for byte, and how it reads what comes back. */
export interface ClientProfile {
  /** As in README.md and docs/stratum.md. */
  readonly name: string;
  /** `x` when left out. */
  readonly password?: string;
  /** Connections before the one that it mines on. */
  readonly knocks?: readonly (readonly Step[])[];
  /** From connecting to its first job. */
  readonly opening: readonly Step[];
  /** The target of its first job, where it asked for one. */
  readonly firstTarget?: RegExp;
  /** mining.submit. `{id}` counts up; `{job}`, `{nonce}`, `{header}` and `{mix}` are bare lower-case hex. */
  readonly share: string;
  /** The id of its first share; the same for each of them where `reusesIds` is set. */
  readonly firstShareId: number;
  readonly reusesIds?: boolean;
  /** What it reports of itself or asks while it mines; each is answered. */
  readonly besides?: readonly Step[];
  readonly reader: ClientReader;
}

/** Public clients' most common way of sending a share: hex with 0x, ids that count up. */
export const PREFIXED_SHARE =
  '{"id":{id},"method":"mining.submit","params":["{user}","{job}","0x{nonce}","0x{header}","0x{mix}"]}\n';
