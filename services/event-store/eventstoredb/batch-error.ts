/** Why the server refused one append among many, in the port's words. */
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { EventStoreError, type ExpectedRevision } from '../port.ts';

const package_ = 'event_store.client';

/** Reads the one detail of the status; what is not known counts as `event-store-unavailable`, in doubt. */
export function batchError(status: Status | undefined, asked: { readonly stream: string; readonly expectedRevision: ExpectedRevision }): EventStoreError {
  const { stream } = asked;
  const detail = status?.getDetails();
  const type = detail?.getTypeName();
  const words = status?.getMessage() ?? 'no reason given';
  switch (type) {
    case `${package_}.WrongExpectedVersion`: {
      const found = shared.WrongExpectedVersion.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
      const actual = found.hasCurrentStreamRevision() ? { actualRevision: Number(found.getCurrentStreamRevision()) } : {};
      return new EventStoreError('wrong-expected-revision', `${stream} is not at the revision expected.`, { ...asked, ...actual });
    }
    case `${package_}.StreamDeleted`:
      return new EventStoreError('stream-deleted', `${stream} was deleted for ever.`, asked);
    case `${package_}.AccessDenied`:
      return new EventStoreError('access-denied', `The event store denies writing ${stream} to the account in its connection string.`, asked);
    case `${package_}.MaximumAppendSizeExceeded`: {
      const { maxappendsize } = shared.MaximumAppendSizeExceeded.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array()).toObject();
      return new EventStoreError('append-too-large', `The server takes at most ${maxappendsize} bytes in one append.`, asked);
    }
    default:
      // A timeout, a server that is too busy: it may be recorded all the same.
      return new EventStoreError('event-store-unavailable', `The event store could not record this: ${words}`, { ...asked, isInDoubt: true });
  }
}
