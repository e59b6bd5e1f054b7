/** SQLite's errors as the port's. */
import { EventStoreError } from '../port.ts';

const corrupt = 11;
const full = 13;
/** SQLITE_IOERR_SHMSIZE: the index beside the write-ahead log found no room. */
const sharedMemorySize = 4874;
const notADatabase = 26;

/** `what` begins the message, such as "The append failed". An {@link EventStoreError} is returned as it is. */
export function toEventStoreError(error: unknown, what: string): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = primaryCode(error);
  if (code === corrupt || code === notADatabase) {
    return new EventStoreError('event-store-corrupt', `${what}: ${reason}. Restore the data directory from a backup.`, { cause: error });
  }
  const isDiskFull = code === full || extendedCode(error) === sharedMemorySize;
  const advice = isDiskFull ? ' Free space on its disk; it goes on by itself.' : '';
  return new EventStoreError('event-store-unavailable', `${what}: ${reason}.${advice}`, { cause: error, isDiskFull });
}

/** SQLite's primary result code: the low byte of the extended one. */
function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

function extendedCode(error: unknown): number | undefined {
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code : undefined;
}
