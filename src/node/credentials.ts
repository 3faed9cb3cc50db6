import { open, stat } from 'node:fs/promises';
import { KpssError } from '../error.ts';
import { RpcError } from './rpc-error.ts';

/** How to log in to a node: what stands in raven.conf, or the cookie file that ravend writes when nothing does. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'cookie'; readonly path: string };

/** The Authorization header for one node. What it gives is secret: never log it. */
export interface CredentialSource {
  /** The header if it is known without reading a file, so that a block need not wait for it. */
  current(): string | undefined;
  /** @throws RpcError kind `cookie` when the cookie file is missing or unreadable */
  authorization(): Promise<string>;
  /**
   * After a 401.
   * @param refused the header that was refused
   * @returns another header worth one more try, or undefined
   * @throws RpcError kind `cookie`
   */
  replacementFor(refused: string): Promise<string | undefined>;
  /** Read the cookie file again before the next use: the node went away and may come back with a new one. */
  invalidate(): void;
}

/** ravend's cookie is 75 bytes. More than this is some other file, and is not read to its end. */
const COOKIE_BYTES_MAX = 1024;

/**
 * @throws KpssError KPSS_RPC_CREDENTIALS for a user name that HTTP's Basic scheme cannot carry
 */
export function createCredentialSource(credentials: Credentials): CredentialSource {
  if (credentials.kind === 'cookie') return new CookieFile(credentials.path);
  if (credentials.user.includes(':')) {
    throw new KpssError(
      'KPSS_RPC_CREDENTIALS',
      'the RPC user name must not contain a colon: HTTP could not tell it from the password',
    );
  }
  const header = basic(`${credentials.user}:${credentials.password}`);
  return {
    current: () => header,
    authorization: () => Promise.resolve(header),
    replacementFor: () => Promise.resolve(undefined),
    invalidate: () => {},
  };
}

class CookieFile implements CredentialSource {
  readonly #path: string;
  #header: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  current(): string | undefined {
    return this.#header;
  }

  async authorization(): Promise<string> {
    this.#header ??= basic(await readCookie(this.#path));
    return this.#header;
  }

  async replacementFor(refused: string): Promise<string | undefined> {
    this.#header = undefined;
    const header = await this.authorization();
    return header === refused ? undefined : header;
  }

  invalidate(): void {
    this.#header = undefined;
  }
}

async function readCookie(path: string): Promise<string> {
  let content: string;
  try {
    content = await readStart(path);
  } catch (cause) {
    throw cookieError(path, (cause as NodeJS.ErrnoException).code ?? 'unknown error', cause);
  }
  const cookie = content.trim();
  if (content.length >= COOKIE_BYTES_MAX || !/^[^:\s]+:\S+$/.test(cookie)) {
    // An empty file is seen for a moment while ravend writes it.
    throw new RpcError('cookie', `${path} holds no RPC cookie (user:password on one line)`, {
      context: { path },
    });
  }
  return cookie;
}

async function readStart(path: string): Promise<string> {
  // Opening a pipe would keep one of Node's four threads for files waiting for ever; found blocks need them, too.
  if ((await stat(path)).isFIFO()) throw Object.assign(new Error('a pipe'), { code: 'a pipe' });
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(COOKIE_BYTES_MAX), 0, COOKIE_BYTES_MAX, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function cookieError(path: string, code: string, cause: unknown): RpcError {
  const message =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? `cookie file ${path} is not there`
      : code === 'EACCES' || code === 'EPERM'
        ? `cookie file ${path} may not be read by this user (${code})`
        : `cookie file ${path} cannot be read (${code})`;
  return new RpcError('cookie', message, { context: { path, code }, cause });
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword, 'utf8').toString('base64')}`;
}
