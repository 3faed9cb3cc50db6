import pino, { type LoggerOptions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import sonicBoom, { type SonicBoom } from 'sonic-boom';
import type { LogFormat, LogLevel } from '../config/types.ts';
import type { Log } from '../mining/ports.ts';

export const LOG_FORMATS: readonly LogFormat[] = ['auto', 'pretty', 'json'];
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Members that are never written, wherever they stand: a log is read by more people than a configuration. */
const SECRETS = ['password', 'authorization', 'cookie', 'blockHex'];

/** What a reader at a terminal has in the sentence already, or does not need. */
const QUIET_FIELDS = [
  ...['pid', 'hostname', 'name', 'instance', 'session', 'remote', 'worker', 'agent', 'node', 'state', 'host'],
  ...[
    'port',
    'height',
    'blockHash',
    'tip',
    'difficulty',
    'transactions',
    'latencyMs',
    'miners',
    'epoch',
    'reason',
  ],
  ...['blocks', 'code', 'url', 'threads', 'candidate', 'attempt', 'verdict', 'confirmations', 'amountSat'],
].join(',');

/**
 * Lines that wait for a reader: some minutes of a busy log. Whoever holds standard output back for longer (a paused
 * terminal, a stuck collector) loses lines, and miners notice nothing.
 */
const WAITING_BYTES_MAX = 1024 * 1024;
/** What is still waiting at the end gets this long. */
const FLUSH_WITHIN_MS = 1_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
const CONTROL_CODES = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Of this process; one log in practice. */
const outputs = new Set<SonicBoom>();

/**
 * The program's log on standard output: one readable line per event in a terminal, one JSON object otherwise. Writing
 * is asynchronous and never throws: a full disk or a reader that stopped must not stop a server.
 * @param format `auto` decides by whether standard output is a terminal
 */
export function createLog(level: LogLevel, logFormat: LogFormat): Log {
  const output = new sonicBoom.SonicBoom({ fd: 1, sync: false, maxLength: WAITING_BYTES_MAX });
  outputs.add(output);
  let dropped = 0;
  output.on('drop', () => {
    dropped += 1;
  });
  // What cannot be written is lost; there is nowhere to say so.
  output.on('error', () => {});
  const options: LoggerOptions = {
    level,
    base: null,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), remove: true },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const readable = isPretty ? createPrettifier() : (line: string) => line;
  return pino(options, {
    write(line: string) {
      const missed = dropped;
      dropped = 0;
      output.write(missed === 0 ? readable(line) : readable(droppedLine(missed)) + readable(line));
    },
  });
}

/** Writes what is still waiting, if somebody reads it; called at the end of the process. */
export async function flushLogs(): Promise<void> {
  await Promise.all([...outputs].map(flushed));
}

function createPrettifier(): (line: string) => string {
  const prettify = prettyFactory({
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: QUIET_FIELDS,
    singleLine: true,
    // A line is one event, whatever a node or a miner put into a name: fields are escaped, the sentence is not.
    messageFormat: (fields) => {
      const instance = typeof fields.instance === 'string' ? `${fields.instance}: ` : '';
      return instance + String(fields.msg).replaceAll(CONTROL_CODES, ' ');
    },
  });
  return (line) => prettify(line) ?? '';
}

function droppedLine(count: number): string {
  const msg = `${count} log lines were lost: nobody read them`;
  return `${JSON.stringify({ level: 40, time: new Date().toISOString(), count, msg })}\n`;
}

function flushed(output: SonicBoom): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_WITHIN_MS);
    output.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
