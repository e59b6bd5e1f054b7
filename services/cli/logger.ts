/** The one logger of a process: JSON lines on stderr. */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { LogLevel } from './log-levels.ts';

/** What never gets into a log, however it is passed. */
const SECRETS = ['password', 'apiKey', 'token', 'secret', 'joinToken', 'joinSecret', 'clientSecret', 'connectionString', 'authorization', 'cookie', 'set-cookie'];

/** Credentials in URLs, and API keys: errors of libraries repeat what they were given. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1[redacted]@'],
  [/\bhp_[\w-]{8,}/g, 'hp_[redacted]'],
];

/** Creates it. @param destination stderr by default, written at once, so that the last line before an end is there */
export function createLogger(level: LogLevel, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Logger {
  const paths = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      serializers: { err: (error: unknown) => withoutSecrets(pino.stdSerializers.err(error as Error)) },
    },
    destination,
  );
}

/** Of an error's own texts. */
function withoutSecrets(serialized: unknown): unknown {
  if (typeof serialized !== 'object' || serialized === null) return typeof serialized === 'string' ? masked(serialized) : serialized;
  return Object.fromEntries(Object.entries(serialized).map(([name, value]) => [name, typeof value === 'string' ? masked(value) : (value as unknown)]));
}

function masked(text: string): string {
  return SECRET_TEXTS.reduce((before, [pattern, instead]) => before.replace(pattern, instead), text);
}
