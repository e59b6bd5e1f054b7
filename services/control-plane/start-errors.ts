/** Turns whatever a start can fail with into one line that says what to do. */
import { EventStoreError } from '../event-store/port.ts';
import { StartError, startErrorCodeOf } from './start-error.ts';

/** Errors whose own message says it already are passed on as they are. */
export function startErrorOf(error: unknown, dataDir: string): StartError {
  if (error instanceof StartError) return error;
  if (error instanceof EventStoreError) {
    const advice = error.code === 'event-store-corrupt' ? 'restore a backup of the data directory' : 'check its disk and its permissions';
    return new StartError(startErrorCodeOf(error), `${error.message} ${advice}`, error);
  }
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOSPC' || code === 'ENOTDIR') {
    return new StartError('data-directory-unwritable', `the data directory ${dataDir} cannot be written (${text}); choose another by --data-dir, or mend its permissions`, error);
  }
  return new StartError(startErrorCodeOf({ code }), text, error);
}
