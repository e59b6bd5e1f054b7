/** Brings a snapshot to the control plane over the connection that polls go over. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { type AgentHello, type PollServiceClient, type RecordSnapshotResponse, Snapshot } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { SNAPSHOT_CALL_MS, SNAPSHOT_CHUNK_BYTES } from '../../proto/snapshot-limits.ts';

const compress = promisify(gzip);

/** Resolves when it is durably recorded. Throws gRPC's error, with the control plane's words, or the signal's reason. */
export async function bringSnapshot(client: PollServiceClient, hello: AgentHello, snapshot: Snapshot, signal: AbortSignal): Promise<RecordSnapshotResponse> {
  const bytes = await compress(Snapshot.encode(snapshot).finish());
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const call = client.recordSnapshot(new Metadata(), { deadline: Date.now() + SNAPSHOT_CALL_MS }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      if (error === null) resolve(response);
      else reject(error);
    });
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel);
    call.on('error', () => undefined); // the callback tells it
    call.write({ message: { $case: 'hello', value: hello } });
    for (let at = 0; at < bytes.length; at += SNAPSHOT_CHUNK_BYTES) call.write({ message: { $case: 'chunk', value: bytes.subarray(at, at + SNAPSHOT_CHUNK_BYTES) } });
    call.end();
  });
}
