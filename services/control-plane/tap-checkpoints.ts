/** Where the tap's stream stood, in a file of the data directory. */
import { join } from 'node:path';
import type { TapCheckpoints } from '../taps/nats-tap.ts';
import { readIfPresent, writeWhole } from './tls/key-files.ts';

/** Keeps it in `nats-tap.json`. Writing throws the system's errors. */
export function createTapCheckpoints(dataDir: string): TapCheckpoints {
  const file = join(dataDir, 'nats-tap.json');
  return {
    read() {
      try {
        const { sequence, position } = JSON.parse(readIfPresent(file) ?? '{}') as { readonly sequence?: unknown; readonly position?: unknown };
        return typeof sequence === 'number' && typeof position === 'string' ? { sequence, position } : undefined;
      } catch {
        // Unreadable, it is as good as none: it only matters where the stream has lost its last message.
        return undefined;
      }
    },
    write(checkpoint) {
      writeWhole(file, `${JSON.stringify(checkpoint)}\n`, 0o600);
    },
  };
}
