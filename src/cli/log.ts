import pino, { type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';

export type LogFormat = 'auto' | 'pretty' | 'json';
export const LOG_FORMATS: readonly LogFormat[] = ['auto', 'pretty', 'json'];
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Members that are never written, wherever they stand: a log is read by more people than a configuration. */
const SECRETS = [
  'password',
  'authorization',
  'cookie',
  'blockHex',
  '*.password',
  '*.authorization',
  '*.cookie',
  '*.blockHex',
];

/** What a reader at a terminal has in the sentence already, or does not need. */
const QUIET_FIELDS = [
  ...['pid', 'hostname', 'name', 'session', 'remote', 'worker', 'agent', 'node', 'state', 'host', 'port'],
  ...[
    'height',
    'blockHash',
    'tip',
    'difficulty',
    'transactions',
    'latencyMs',
    'miners',
    'epoch',
    'reason',
    'blocks',
  ],
].join(',');

/**
 * The program's log on standard output: one readable line per event in a terminal, one JSON object otherwise.
 * @param format `auto` decides by whether standard output is a terminal
 */
export function createLog(level: LogLevel, format: LogFormat): Logger {
  const options: LoggerOptions = { level, base: null, redact: { paths: SECRETS, remove: true } };
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  if (!isPretty)
    return pino(
      { ...options, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 1, sync: true }),
    );
  return pino(
    options,
    pretty({
      destination: 1,
      sync: true,
      colorize: process.stdout.isTTY,
      translateTime: 'SYS:HH:MM:ss',
      ignore: QUIET_FIELDS,
      singleLine: true,
    }),
  );
}
