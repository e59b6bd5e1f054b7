/** A logger whose lines the test can look at. */
import { pino, type Logger } from 'pino';

export interface CollectedLog {
  readonly logger: Logger;
  /** The messages so far, oldest first. */
  messages(): string[];
  /** Resolves with the first line, past or to come, whose message is this. */
  line(message: string): Promise<Record<string, unknown>>;
}

/** Creates an empty log of all levels. */
export function collectLog(): CollectedLog {
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const write = (text: string) => {
    lines.push(JSON.parse(text) as Record<string, unknown>);
    for (const look of waiting) look();
  };
  return {
    logger: pino({ level: 'trace' }, { write }),
    messages: () => lines.map(({ msg }) => String(msg)),
    line: (message) =>
      new Promise((resolve) => {
        const look = () => {
          const found = lines.find(({ msg }) => msg === message);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
