/** Says each trouble once: when it begins, when it changes, now and then while it lasts, and when it is over. */
import type { Logger } from 'pino';

const REPEAT_MS = 3_600_000;

export interface Notices {
  /** Logs where the topic's code is new, or was last said an hour ago; `fields` are data beside the constant message. */
  trouble(topic: string, code: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The topic is in order: logs the message where it was in trouble before. */
  fine(topic: string, message: string): void;
}

/** Creates notices over a logger. `nowMs` is milliseconds since 1970. */
export function createNotices(logger: Logger, nowMs: () => number = Date.now): Notices {
  const troubles = new Map<string, { readonly code: string; saidAtMs: number; unsaid: number }>();
  return {
    trouble(topic, code, message, fields = {}) {
      const known = troubles.get(topic);
      const isOld = known?.code === code && nowMs() - known.saidAtMs < REPEAT_MS;
      if (isOld) {
        known.unsaid += 1;
        return;
      }
      const repeats = known?.code === code ? { repeats: known.unsaid } : {};
      logger.warn({ code, ...fields, ...repeats }, message);
      troubles.set(topic, { code, saidAtMs: nowMs(), unsaid: 0 });
    },
    fine(topic, message) {
      if (troubles.delete(topic)) logger.info(message);
    },
  };
}
