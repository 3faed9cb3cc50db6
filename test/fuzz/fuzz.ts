import { SeededRandom } from '../sim/random.ts';
import { cut, makeScript } from './mutate.ts';
import { Oracle, splitAll } from './oracle.ts';
import { findNonce } from './reference.ts';
import { createRig, type Parser } from './rig.ts';

/** Names that a session shows are at most this long. */
const SHOWN_LENGTH_MAX = 64;

/** Smaller cases that are tried of one problem: some seconds, after which it is small enough to read. */
const SMALLER_MAX = 500;

/** What one connection sent, chunk by chunk, and what was wrong then. */
export interface FuzzResult {
  readonly chunks: readonly Uint8Array[];
  readonly problem: string | undefined;
  /** Lines that were handled, and shares that were accepted: of nothing, nothing is learnt. */
  readonly lines: number;
  readonly accepted: number;
}

/** Makes the connection of a seed and holds it against the oracle. @param recorded more beginnings */
export async function fuzzSeed(
  seed: number,
  { parse, recorded = [] }: { parse?: Parser; recorded?: readonly (readonly string[])[] } = {},
): Promise<FuzzResult> {
  const random = new SeededRandom(seed, 'fuzz');
  const connection = new FuzzedConnection(parse);
  for (const line of makeScript(random, recorded)) {
    const bytes = new TextEncoder().encode(fill(line, connection.oracle));
    for (const chunk of cut(bytes, random)) await connection.take(chunk);
  }
  return connection.end();
}

/** The same bytes again. */
export async function replay(chunks: readonly Uint8Array[], parse?: Parser): Promise<FuzzResult> {
  const connection = new FuzzedConnection(parse);
  for (const chunk of chunks) await connection.take(chunk);
  return connection.end();
}

/** Leaves out what the problem does not need: whole chunks, then parts of chunks, large ones first. */
export async function minimise(result: FuzzResult, parse?: Parser): Promise<FuzzResult> {
  let best = await replay(result.chunks, parse);
  const kind = kindOf(best.problem ?? '');
  let left = SMALLER_MAX;
  const attempt = async (fewer: readonly Uint8Array[]): Promise<boolean> => {
    left -= 1;
    if (left < 0) return false;
    const tried = await replay(fewer, parse);
    const isSame = tried.problem !== undefined && kindOf(tried.problem) === kind;
    if (isSame) best = tried;
    return isSame;
  };
  for (let at = best.chunks.length - 1; at >= 0; at--) await attempt(best.chunks.toSpliced(at, 1));
  for (let at = 0; at < best.chunks.length; at++) {
    for (let size = (best.chunks[at]?.length ?? 0) >> 1; size >= 1; size >>= 1) {
      for (let start = 0; start + size <= (best.chunks[at]?.length ?? 0); ) {
        const chunk = best.chunks[at] ?? new Uint8Array(0);
        const rest = Buffer.concat([chunk.subarray(0, start), chunk.subarray(start + size)]);
        if (!(await attempt(best.chunks.with(at, new Uint8Array(rest))))) start += size;
      }
    }
  }
  return best;
}

/** Two problems are of a kind when they begin alike. */
function kindOf(problem: string): string {
  return problem.replace(/\d+/g, '0').slice(0, 20);
}

/** One connection between the fuzzer and the real thing. */
class FuzzedConnection {
  readonly oracle = new Oracle();
  readonly #rig: ReturnType<typeof createRig>;
  readonly #chunks: Uint8Array[] = [];
  readonly #lines: string[] = [];
  #problem: string | undefined;
  #isOver = false;

  constructor(parse?: Parser) {
    this.#rig = createRig(parse);
  }

  async take(chunk: Uint8Array): Promise<void> {
    if (this.#isOver || this.#problem !== undefined) return;
    this.#chunks.push(chunk);
    try {
      const { lines, overflow } = this.#rig.split(chunk);
      this.#isOver = overflow;
      for (const line of lines) {
        this.#lines.push(line);
        await this.#handle(line);
      }
    } catch (error) {
      this.#problem ??= `it throws: ${String(error)}`;
    }
  }

  async end(): Promise<FuzzResult> {
    this.#problem ??= this.#splitProblem() ?? (await this.#problemAround());
    const { accepted } = this.oracle;
    return { chunks: this.#chunks, problem: this.#problem, lines: this.#lines.length, accepted };
  }

  async #handle(line: string): Promise<void> {
    if (this.#problem !== undefined) return;
    const { closes } = this.#rig;
    const wasClosed = closes.length > 0;
    const sent = await this.#rig.handle(line);
    if (wasClosed) {
      // What came with it in the same chunk: nothing is answered any more.
      if (sent !== '') this.#problem = `answered after the close: ${sent}`;
    } else this.#problem = this.oracle.check(line, sent, closes);
    if (closes.length > 0) this.#isOver = true;
    if (closes.length > 1) this.#problem ??= 'closed twice';
  }

  /** However the bytes were cut, the lines are the same. */
  #splitProblem(): string | undefined {
    const { lines, overflow } = splitAll(new Uint8Array(Buffer.concat(this.#chunks)));
    if (overflow && !this.#isOver) return 'a line is too long, and nobody says so';
    return String(lines) === String(this.#lines) ? undefined : 'the lines are not those that were sent';
  }

  /** What others notice. */
  async #problemAround(): Promise<string | undefined> {
    const { session } = this.#rig;
    if (session.agent.length > SHOWN_LENGTH_MAX) return 'the agent is too long';
    if (!Number.isFinite(session.reportedHashesPerS ?? 0)) return 'no hashrate is without end';
    if (!(session.difficulty > 0 && session.difficulty < 1)) return `its difficulty is ${session.difficulty}`;
    if (this.#rig.prefixesLeased() > 2) return 'it has more than one prefix';
    const [target, notify] = (await this.#rig.newTip()).split('\n').map((line) => line && JSON.parse(line));
    const isWell = target?.method === 'mining.set_target' && notify?.method === 'mining.notify';
    return isWell && this.#rig.neighbourCloses.length === 0 ? undefined : 'its neighbour gets no job';
  }
}

/** Puts a share in place of the placeholders; `~` writes it in capitals, `^` changes a digit, `<` takes the one before. */
function fill(line: string, oracle: Oracle): string {
  if (!/\{(JOB|NONCE|HEADER|MIX)/.test(line)) return line;
  const { newestJob, newestJobId, prefixHex } = oracle;
  if (newestJob === undefined || prefixHex === undefined) return line;
  const isAgain = /\{\w+<\}/.test(line);
  const share = findNonce(newestJob, prefixHex, isAgain ? oracle.nextNonce - 1 : oracle.nextNonce);
  oracle.nextNonce = Math.max(oracle.nextNonce, share.at + 1);
  const values: Record<string, string> = {
    JOB: newestJobId,
    NONCE: share.nonceHex,
    HEADER: newestJob.headerHex,
    MIX: share.mixHex,
  };
  return line.replace(/\{(JOB|NONCE|HEADER|MIX)([~^<]?)\}/g, (_, name: string, how: string) => {
    const value = values[name] ?? '';
    if (how === '~') return value.toUpperCase();
    return how === '^' ? value.slice(0, -1) + (value.endsWith('0') ? '1' : '0') : value;
  });
}
