/** RecordSnapshot as agents, and others, call it. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { type AgentHello, type PollServiceClient, type RecordSnapshotRequest, type RecordSnapshotResponse, Snapshot } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { SNAPSHOT_BYTES } from '../../proto/snapshot-limits.ts';
import { type Harness, startHarness } from '../application/harness.ts';
import { helloOf } from './support/hello.ts';
import { type ListeningEdge, startListeningEdge } from './support/listening-edge.ts';

describe('polls: snapshots over gRPC', () => {
  let harness: Harness;
  let environmentId: string;
  let edge: ListeningEdge;
  let client: PollServiceClient;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    await harness.agent(environmentId, { instanceId: 'instance1' });
    edge = await startListeningEdge(harness);
    ({ client } = edge);
  });
  afterEach(async () => {
    await edge.close();
    await harness.close();
  });

  const hello = (over: Partial<AgentHello> = {}): RecordSnapshotRequest => ({
    message: {
      $case: 'hello',
      value: { ...helloOf(environmentId), ...over },
    },
  });
  const chunk = (value: Uint8Array): RecordSnapshotRequest => ({ message: { $case: 'chunk', value } });
  const packed = (over: Partial<Snapshot> = {}) => gzipSync(Snapshot.encode({ ...Snapshot.decode(new Uint8Array()), ...over }).finish());
  const recorded = async () => (await harness.types()).filter((type) => type.startsWith('Snapshot'));

  /** The answer, or the error, of a call with these requests. */
  function bring(...requests: RecordSnapshotRequest[]): Promise<RecordSnapshotResponse | ServiceError> {
    return new Promise((resolve) => {
      const call = client.recordSnapshot((error, response) => resolve(error ?? response));
      call.on('error', () => undefined);
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  it('records what is new, the hash of what is not, and what failed', async () => {
    const volume = { name: 'data', driver: 'local', mountpoint: '/x', labels: [{ name: 'token', value: 'hunter2' }] };
    expect(await bring(hello(), chunk(packed({ volumes: [volume] })))).to.deep.equal({ unchanged: false });
    expect(await bring(hello(), chunk(packed({ volumes: [volume] })))).to.deep.equal({ unchanged: true });
    expect(await bring(hello(), chunk(packed({ failure: 'docker-socket-missing' })))).to.deep.equal({ unchanged: false });
    expect(await recorded()).to.deep.equal(['SnapshotRecorded', 'SnapshotUnchanged', 'SnapshotFailed']);
    expect(JSON.stringify(await harness.events())).not.to.include('hunter2');
  });

  it('refuses who would be refused as a poller, and records nothing of theirs', async () => {
    expect(await bring(hello({ joinSecret: Buffer.alloc(32, 1) }), chunk(packed()))).to.include({ code: status.UNAUTHENTICATED });
    expect(await bring(hello({ edgeId: '22222222-2222-4222-8222-222222222222' }), chunk(packed()))).to.include({ code: status.PERMISSION_DENIED });
    expect(await bring(hello({ environmentId: 'nosuch' }), chunk(packed()))).to.include({ code: status.NOT_FOUND });
    expect(await bring(chunk(packed()))).to.include({ code: status.INVALID_ARGUMENT });
    expect(await recorded()).to.deep.equal([]);
  });

  it('refuses bombs, floods, garbage and nothing at all', async () => {
    expect(await bring(hello(), chunk(gzipSync(Buffer.alloc(32 * SNAPSHOT_BYTES))))).to.include({ code: status.INVALID_ARGUMENT });
    const flood = Array.from({ length: 12 }, () => chunk(randomBytes(48 * 1024)));
    expect(await bring(hello(), ...flood)).to.include({ code: status.RESOURCE_EXHAUSTED });
    expect(await bring(hello(), chunk(randomBytes(100)))).to.include({ code: status.INVALID_ARGUMENT });
    expect(await bring(hello(), chunk(gzipSync(Buffer.from([0x0a, 0xff, 0xff, 0xff]))))).to.include({ code: status.INVALID_ARGUMENT });
    expect(await bring()).to.include({ code: status.INVALID_ARGUMENT });
    expect(await recorded()).to.deep.equal([]);
  });
});
