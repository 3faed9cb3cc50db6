import pino, { type LoggerOptions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogFormat, LogLevel } from '../config/types.ts';
import type { Log } from '../mining/ports.ts';
import { withoutControlCodes } from './control-codes.ts';
import { canStand, createOutput } from './output.ts';
import type { StatusLine } from './status-line.ts';

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
  ...[
    'blocks',
    'code',
    'url',
    'threads',
    'candidate',
    'attempt',
    'verdict',
    'confirmations',
    'amountSat',
    'signal',
  ],
  ...['tookMs', 'bytes', 'neededBytes', 'availableBytes', 'path', 'percent', 'leftMs', 'unverifiedRate'],
  ...['hashesPerS', 'accepted', 'rejected', 'before', 'why', 'untilMs', 'held', 'heldS', 'dropped'],
  ...['minDifficulty', 'maxDifficulty', 'fingerprint', 'address'],
].join(',');

/** The log, and the line below it. */
export interface ProgramLog extends Log {
  /** undefined where standard output is no terminal, and where its reader asked for JSON or for no news (level). */
  readonly status: StatusLine | undefined;
  /** From now on. */
  setLevel(level: LogLevel): void;
}

/**
 * The program's log on standard output: one readable line per event in a terminal, one JSON object otherwise. Writing
 * is asynchronous and never throws.
 * @param format `auto` decides by whether standard output is a terminal
 */
export function createLog(level: LogLevel, logFormat: LogFormat): ProgramLog {
  const { lines, takeDropped } = createOutput(1);
  const options: LoggerOptions = {
    level,
    base: null,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), remove: true },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const readable = isPretty ? createPrettifier() : (line: string) => line;
  const log = pino(options, {
    write(line: string) {
      const missed = takeDropped();
      lines.write(missed === 0 ? readable(line) : readable(droppedLine(missed)) + readable(line));
    },
  });
  const hasStatus = isPretty && log.isLevelEnabled('info') && canStand(process.stdout);
  const setLevel = (wanted: LogLevel): void => {
    log.level = wanted;
  };
  return Object.assign(log, { setLevel, status: hasStatus ? lines : undefined });
}

function createPrettifier(): (line: string) => string {
  const prettify = prettyFactory({
    colorize: process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    translateTime: 'SYS:HH:MM:ss',
    ignore: QUIET_FIELDS,
    singleLine: true,
    // A line is one event, whatever a node or a miner put into a name: fields are escaped, the sentence is not.
    messageFormat: (fields) => {
      const instance = typeof fields.instance === 'string' ? `${fields.instance}: ` : '';
      return instance + withoutControlCodes(String(fields.msg));
    },
  });
  return (line) => prettify(line) ?? '';
}

function droppedLine(count: number): string {
  const msg = `${count} log lines were lost: nobody read them`;
  return `${JSON.stringify({ level: 40, time: new Date().toISOString(), count, msg })}\n`;
}
