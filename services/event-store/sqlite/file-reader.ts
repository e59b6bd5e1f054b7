/** The reading half over the log's file alone: beside another process that writes it, or with none. */
import { existsSync } from 'node:fs';
import { EventStoreError, type EventReader } from '../port.ts';
import { createLocalReader } from './local-reader.ts';
import { openOnAnyMedium } from './open-on-any-medium.ts';

/** How long news may wait, in milliseconds: no writer announces any here. */
const lookMs = 250;

/**
 * Opens the log. It keeps the process alive until it is closed. Throws EventStoreError `event-store-unavailable` (also where there is no
 * such file) or `event-store-corrupt`.
 */
export function openFileReader(file: string): EventReader {
  if (!existsSync(file)) throw new EventStoreError('event-store-unavailable', `There is no event log ${file}.`);
  const { reader, look, end } = createLocalReader(openOnAnyMedium(file), () => clearInterval(looking));
  const looking = setInterval(() => {
    try {
      look();
    } catch (error) {
      clearInterval(looking);
      end(error instanceof Error ? error.message : String(error));
    }
  }, lookMs);
  return reader;
}
