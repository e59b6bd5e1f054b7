/** Stream names on the wire: bytes. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { invalidRequest } from './call-error.ts';

/** Reads the name. Throws CallError where there is none. */
export function streamNameOf(identifier: shared.StreamIdentifier | undefined): string {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
  if (name === '') throw invalidRequest('A stream needs a name.');
  return name;
}

/** The name as the wire has it. */
export function toStreamIdentifier(stream: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}
