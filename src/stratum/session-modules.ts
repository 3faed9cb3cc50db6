import type { PrefixAllocator } from '../mining/extranonce.ts';
import type { JobBook } from '../mining/job-book.ts';
import type { Judgement } from '../mining/judge.ts';
import type { Login } from '../mining/login.ts';
import type { Clock } from '../mining/ports.ts';
import type { Share } from '../mining/share.ts';
import type { CandidateGateModules } from './candidate-gate.ts';
import type { Session } from './session.ts';
import type { ShareResult } from './share-desk.ts';
import type { Wire } from './wire.ts';

/** What a session needs of its server. */
export interface SessionModules extends Pick<CandidateGateModules, 'gateTurns'> {
  readonly clock: Clock;
  readonly prefixes: PrefixAllocator;
  readonly jobs: JobBook;
  readonly wire: Wire;
  /** A promise, where somebody else is asked; it is waited for, with all that the miner sends after it. */
  login(userName: string, password: string): Login | Promise<Login>;
  /** A miner logged in for the first time on this connection. */
  onLogin(session: Session): void;
  /** A login was refused. */
  onFailedLogin?(session: Session): void;
  /** The moment a candidate may go out: as a rule when it is seen, before anything else; before that it may have to wait. */
  onCandidate(share: Share, session: Session): void;
  onWaitingCandidate?(share: Share, session: Session): void;
  /** Answers within two seconds, whatever happens; never rejects. */
  judge(share: Share, sessionId: string, onLateVerdict: (isRight: boolean) => void): Promise<Judgement>;
  onResult(result: ShareResult, session: Session): void;
  /** The connection is gone; verdicts on its shares may still come. */
  onEnd(session: Session): void;
  /** Something failed that must not; the connection is not to be trusted with more. */
  onFault(error: unknown, session: Session): void;
}
