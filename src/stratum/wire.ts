import type { DeadlineReason } from './deadlines.ts';
import type { DemeritsReason } from './demerits.ts';

/** Why we closed a connection; the words stand in the log. docs/limits.md explains them. */
export type CloseReason =
  | DeadlineReason
  | DemeritsReason
  | 'banned'
  | 'unknown-proxy'
  | 'line-too-long'
  | 'not-reading'
  | 'tls'
  | 'port-closed'
  | 'not-payable'
  | 'fault';

/**
 * What the connection does after a line: handle the next one at once, or in the next turn, since a candidate was handed on
 * and its bytes are to be on their way first, or when the promise is settled, which never rejects.
 */
export type Handled = 'next' | 'new-turn' | Promise<void>;

/** One connection's way out. */
export interface Wire {
  /** A line with its newline. */
  send(line: string): void;
  /** A new job; takes the place of one that has not gone out yet. */
  sendJob(lines: string): void;
  close(reason: CloseReason): void;
}
