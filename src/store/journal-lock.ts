import { open, readFile, readlink, rename, stat, unlink } from 'node:fs/promises';
import process from 'node:process';

/** Only the owner, as the journal itself. */
const FILE_MODE = 0o600;
/** Of the fields of /proc/PID/stat behind the name, which may hold anything: the state, and when it began (proc(5)). */
const STATE_FIELD = 0;
const START_FIELD = 19;

/** A process, told apart from a later one of the same number. What is undefined cannot be known on this system. */
interface Owner {
  readonly pid: number;
  /** Another one: the machine was started anew since. */
  readonly bootId?: string | undefined;
  /** In which processes are numbered; a container has one of its own. */
  readonly pidNamespace?: string | undefined;
  /** In clock ticks since the machine was started. */
  readonly startTicks?: string | undefined;
}

/**
 * A file beside a journal that names the process which may write it anew. It holds nobody back, it only tells; and what
 * it cannot know (a process in another container, or on another machine) it takes for gone.
 */
export class JournalLock {
  readonly #path: string;
  #own: string | undefined;

  /** @param path of the journal */
  constructor(path: string) {
    this.#path = `${path}.lock`;
  }

  /**
   * Makes it ours, unless another living process has it. That it cannot be written, as in a folder without the right to,
   * holds nothing up: there the journal cannot be written anew, either.
   * @returns the number of the other process, undefined where it is ours
   */
  async take(): Promise<number | undefined> {
    const own = await describe(process.pid);
    const other = await this.#holder(own);
    if (other !== undefined) return other;
    const text = `${JSON.stringify(own)}\n`;
    const temporary = `${this.#path}.${process.pid}`;
    try {
      await unlink(temporary).catch(() => {});
      const file = await open(temporary, 'wx', FILE_MODE);
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      this.#own = text;
    } catch {
      await unlink(temporary).catch(() => {});
    }
    return undefined;
  }

  /** @returns the number of the other living process that has it, undefined where there is none */
  async holder(): Promise<number | undefined> {
    return this.#holder(await describe(process.pid));
  }

  /** Takes it away if it is ours. */
  async release(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own === undefined) return;
    const text = await textOf(this.#path);
    if (text === own) await unlink(this.#path).catch(() => {});
  }

  async #holder(own: Owner): Promise<number | undefined> {
    const other = parse(await textOf(this.#path));
    if (other === undefined || isSame(other, own) || !(await isLiving(other, own))) return undefined;
    return other.pid;
  }
}

/** A pipe in its place would keep a thread of Node's waiting for ever. */
async function textOf(path: string): Promise<string> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ? readFile(path, 'utf8').catch(() => '') : '';
}

function isSame(a: Owner, b: Owner): boolean {
  return a.pid === b.pid && a.pidNamespace === b.pidNamespace && a.startTicks === b.startTicks;
}

/** @param own who asks */
async function isLiving(other: Owner, own: Owner): Promise<boolean> {
  if (other.bootId !== own.bootId || other.pidNamespace !== own.pidNamespace) return false;
  // Our own number, and not ourselves: of an earlier run, as in a container, where it is 1 each time.
  if (other.pid === own.pid || !doesExist(other.pid)) return false;
  const { startTicks, isZombie } = await statOf(other.pid);
  if (isZombie) return false;
  return startTicks === undefined || other.startTicks === undefined || startTicks === other.startTicks;
}

function doesExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's is there, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function describe(pid: number): Promise<Owner> {
  const [bootId, pidNamespace, { startTicks }] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    ),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    statOf(pid),
  ]);
  return { pid, bootId, pidNamespace, startTicks };
}

async function statOf(pid: number): Promise<{ startTicks: string | undefined; isZombie: boolean }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { startTicks: fields[START_FIELD], isZombie: fields[STATE_FIELD] === 'Z' };
}

/** @returns undefined for what is none, as a file that a power cut left empty */
function parse(text: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, bootId, pidNamespace, startTicks } = value as Record<string, unknown>;
  // 0 and below would mean groups of processes.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const wordOf = (part: unknown): string | undefined => (typeof part === 'string' ? part : undefined);
  return { pid, bootId: wordOf(bootId), pidNamespace: wordOf(pidNamespace), startTicks: wordOf(startTicks) };
}
