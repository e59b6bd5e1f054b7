/** One RecordSnapshot call: the hello is checked as a poll's, then chunks are taken to their bound, inflated and recorded. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type sendUnaryData, type ServerReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { type RecordSnapshotRequest, type RecordSnapshotResponse, Snapshot } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { SNAPSHOT_BYTES, SNAPSHOT_CALL_MS } from '../../proto/snapshot-limits.ts';
import type { PollAdmission } from '../application/ports/poll-admission.ts';
import type { SnapshotRecording } from '../application/ports/snapshots.ts';
import { readIntroduction } from './poll-messages.ts';
import { failureStatus } from './refusal-status.ts';
import { snapshotReportOf } from './snapshot-messages.ts';

const unforeseen = { logged: 'a snapshot could not be recorded', told: 'the control plane could not record the snapshot' };

type Call = ServerReadableStream<RecordSnapshotRequest, RecordSnapshotResponse>;
type Failure = Pick<ServiceError, 'code' | 'details'>;

export interface RecordSnapshotDeps {
  readonly admission: Pick<PollAdmission, 'refuseMalformed'>;
  readonly snapshots: SnapshotRecording;
  readonly logger: Logger;
  readonly onAdmitted: () => void;
}

const inflate = promisify(gunzip);
const malformed = (details: string): Failure => ({ code: status.INVALID_ARGUMENT, details });

/** Serves one call to its end. Nothing is read while the hello is checked, and never more than a snapshot may have. */
export function serveRecordSnapshot(call: Call, respond: sendUnaryData<RecordSnapshotResponse>, peer: { readonly address: string }, deps: RecordSnapshotDeps): void {
  const { admission, snapshots, logger, onAdmitted } = deps;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isHelloTaken = false;
  let intake: Awaited<ReturnType<SnapshotRecording['admit']>> | undefined;
  let isOver = false;
  const deadline = setTimeout(() => {
    finish({ code: status.DEADLINE_EXCEEDED, details: 'the snapshot did not come in time' });
  }, SNAPSHOT_CALL_MS).unref();

  function finish(how: Failure | RecordSnapshotResponse | 'gone'): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(deadline);
    chunks.length = 0;
    if (how === 'gone') return;
    if ('code' in how) respond(how);
    else respond(null, how);
  }

  function fail(error: unknown): void {
    finish(failureStatus(error, { logger, unforeseen }));
  }

  async function introduce({ message }: RecordSnapshotRequest): Promise<void> {
    const hello = message?.$case === 'hello' ? message.value : undefined;
    intake = await snapshots.admit(readIntroduction(hello, peer.address, admission));
    onAdmitted();
  }

  function take({ message }: RecordSnapshotRequest): void {
    if (message?.$case !== 'chunk') return finish(malformed('after the hello come chunks'));
    bytes += message.value.length;
    if (bytes > SNAPSHOT_BYTES) return finish({ code: status.RESOURCE_EXHAUSTED, details: `a snapshot has at most ${String(SNAPSHOT_BYTES)} bytes` });
    chunks.push(message.value);
  }

  async function record(): Promise<void> {
    if (intake === undefined) return finish(malformed('the call ended before its snapshot'));
    let snapshot: Snapshot;
    try {
      // A few bytes can inflate to gigabytes: no further than a snapshot may be.
      snapshot = Snapshot.decode(await inflate(Buffer.concat(chunks), { maxOutputLength: SNAPSHOT_BYTES }));
    } catch {
      return finish(malformed('the chunks are no snapshot of bounded size, compressed by gzip'));
    }
    if (isOver) return;
    const { isUnchanged } = await intake.record(snapshotReportOf(snapshot, snapshots.masksSecrets()));
    finish({ unchanged: isUnchanged });
  }

  call.on('data', (request: RecordSnapshotRequest) => {
    if (isOver) return;
    if (isHelloTaken) return take(request);
    isHelloTaken = true;
    call.pause();
    introduce(request).then(() => call.resume(), fail);
  });
  call.on('end', () => {
    if (!isOver) record().catch(fail);
  });
  for (const event of ['cancelled', 'close', 'error']) {
    call.on(event, () => {
      if (event !== 'close' || call.cancelled) finish('gone');
    });
  }
}
