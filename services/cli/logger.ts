/** The one logger of a process: JSON lines on stderr. */
import { pino } from 'pino';
import type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** What never gets into a log, however it is passed. */
const SECRETS = ['password', 'apiKey', 'token', 'secret', 'joinToken', 'authorization', 'cookie'];

export function createLogger(level: LogLevel): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: '[redacted]' } }, pino.destination({ fd: 2, sync: true }));
}
