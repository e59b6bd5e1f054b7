/** What a writer expects, as requests say it. */
import type { ExpectedRevision } from '../event-store/port.ts';
import { invalidRequest } from './call-error.ts';

/** The part of a request's options that says so; `revision` is undefined where another says it. */
export interface ExpectingOptions {
  readonly revision: string | undefined;
  readonly isNoStream: boolean;
  readonly isStreamExists: boolean;
  readonly isAny: boolean;
}

/** Throws CallError where nothing is said. */
export function expectedRevisionOf({ revision, isNoStream, isStreamExists, isAny }: ExpectingOptions): ExpectedRevision {
  if (revision !== undefined) {
    const number = Number(revision);
    if (!Number.isSafeInteger(number)) throw invalidRequest('The expected revision is past every stream.');
    return number;
  }
  if (isNoStream) return 'no-stream';
  if (isStreamExists) return 'stream-exists';
  if (isAny) return 'any';
  throw invalidRequest('The request does not say which revision it expects.');
}
