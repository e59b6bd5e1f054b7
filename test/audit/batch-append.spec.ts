/** BatchAppend answers each append exactly once, by its correlation id, whatever comes and in however many requests. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { status, type ServiceError } from '@grpc/grpc-js';
import { expect } from 'chai';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomUUID } from 'node:crypto';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { basic, rawClient, statusOf } from './support/raw-client.ts';

const { BatchAppendReq } = streams;
const { Empty } = empties;

interface Proposal {
  readonly id?: string;
  readonly type?: string;
  readonly contentType?: string;
  readonly data?: string | Uint8Array;
}

function proposed({ id = randomUUID(), type = 'ThingHappened', contentType = 'application/json', data = '{}' }: Proposal = {}): streams.BatchAppendReq.ProposedMessage {
  const message = new BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString(id)).setData(Buffer.from(data));
  message.getMetadataMap().set('type', type).set('content-type', contentType);
  return message;
}

interface Part {
  readonly id: string;
  readonly stream?: string;
  readonly expected?: 'any' | 'no-stream' | number;
  readonly messages?: readonly Proposal[];
  readonly isFinal?: boolean;
  readonly deadlineMs?: number;
}

/** One request; with a stream, the first of its append. */
function part({ id, stream, expected = 'any', messages = [{}], isFinal = true, deadlineMs }: Part): streams.BatchAppendReq {
  const request = new BatchAppendReq().setCorrelationId(new shared.UUID().setString(id)).setProposedMessagesList(messages.map(proposed)).setIsFinal(isFinal);
  if (stream === undefined) return request;
  const options = new BatchAppendReq.Options().setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  if (expected === 'any') options.setAny(new Empty());
  else if (expected === 'no-stream') options.setNoStream(new Empty());
  else options.setStreamPosition(String(expected));
  if (deadlineMs !== undefined) options.setDeadline(timestamps.Timestamp.fromDate(new Date(deadlineMs)));
  return request.setOptions(options);
}

describe('audit front: batched appends', () => {
  let front: FrontUnderTest;
  let client: StreamsClient;
  before(async () => {
    front = await startFront({ mayWrite: true });
    client = rawClient(front);
  });
  after(async () => {
    client.close();
    await front.close();
    expect(front.failures).to.deep.equal([]);
  });

  /** Sends requests, ends, and answers what came back, by correlation id. */
  async function send(...requests: readonly streams.BatchAppendReq[]): Promise<Map<string, streams.BatchAppendResp[]>> {
    const call = client.batchAppend(basic());
    for (const request of requests) call.write(request);
    call.end();
    const answers = new Map<string, streams.BatchAppendResp[]>();
    for await (const answer of call as AsyncIterable<streams.BatchAppendResp>) {
      const id = answer.getCorrelationId()?.getString() ?? '';
      answers.set(id, [...(answers.get(id) ?? []), answer]);
    }
    return answers;
  }

  async function outcome(request: Omit<Part, 'id'>): Promise<string> {
    const id = randomUUID();
    const [answer, ...others] = (await send(part({ id, ...request }))).get(id) ?? [];
    expect(others).to.deep.equal([]);
    expect(Buffer.from(answer?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString()).to.equal(request.stream);
    const success = answer?.getSuccess();
    return success === undefined ? (answer?.getError()?.getDetails()?.getTypeName() ?? 'none') : success.getCurrentRevision();
  }

  async function countOf(stream: string): Promise<number> {
    let count = 0;
    for await (const page of front.store.readStream(stream)) count += page.length;
    return count;
  }

  it('answers a thousand appends once each, in one call', async () => {
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    const answers = await send(...ids.map((id, index) => part({ id, stream: `many-${index % 10}` })));
    expect([...answers.keys()].sort()).to.deep.equal([...ids].sort());
    for (const those of answers.values()) expect(those.map((answer) => answer.hasSuccess())).to.deep.equal([true]);
  });

  it('keeps the order of appends to one stream', async () => {
    const ids = Array.from({ length: 50 }, () => randomUUID());
    await send(...ids.map((id, index) => part({ id, stream: 'ordered-1', expected: index === 0 ? 'no-stream' : index - 1, messages: [{ id: ids[index] ?? '' }] })));
    const seen: string[] = [];
    for await (const page of front.store.readStream('ordered-1')) seen.push(...page.map((event) => event.id));
    expect(seen).to.deep.equal(ids);
  });

  it('takes an append in several requests, others in between, and appends it whole', async () => {
    const [split, other] = [randomUUID(), randomUUID()];
    const answers = await send(
      part({ id: split, stream: 'split-1', expected: 'no-stream', isFinal: false, messages: [{}, {}] }),
      part({ id: other, stream: 'split-2' }),
      part({ id: split, isFinal: false }),
      part({ id: split, messages: [] }),
    );
    expect(answers.get(split)?.map((answer) => answer.getSuccess()?.getCurrentRevision())).to.deep.equal(['2']);
    expect(answers.get(other)).to.have.lengthOf(1);
    expect(await countOf('split-1')).to.equal(3);
  });

  it('says what is wrong with one append, and the others go on', async () => {
    await front.store.tombstoneStream('gone-1', { expectedRevision: 'any' });
    const name = 'event_store.client';
    expect(await outcome({ stream: 'single-1', expected: 'no-stream' })).to.equal('0');
    expect(await outcome({ stream: 'single-1', expected: 'no-stream' })).to.equal(`${name}.WrongExpectedVersion`);
    expect(await outcome({ stream: 'gone-1' })).to.equal(`${name}.StreamDeleted`);
    expect(await outcome({ stream: 'single-1', messages: [{ data: JSON.stringify('x'.repeat(1024 * 1024)) }] })).to.equal(`${name}.MaximumAppendSizeExceeded`);
    expect(await outcome({ stream: 'single-1', messages: [{ data: JSON.stringify('x'.repeat(5 * 1024 * 1024)) }] })).to.equal(`${name}.MaximumAppendSizeExceeded`);
    expect(await outcome({ stream: 'x'.repeat(10_000) })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: '' })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [] })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [{ type: '' }] })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [{ id: 'no uuid' }] })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [{ contentType: 'application/octet-stream', data: 'ab' }] })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [{ data: '{"cut' }] })).to.equal(`${name}.Unknown`);
    expect(await outcome({ stream: 'single-1', messages: [{ data: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }] })).to.equal(`${name}.Unknown`);
    expect(await countOf('single-1')).to.equal(1);
  });

  it('an append whose deadline has passed is answered as timed out and not recorded', async () => {
    expect(await outcome({ stream: 'late-1', deadlineMs: Date.now() - 1_000 })).to.equal('event_store.client.Timeout');
    expect(await outcome({ stream: 'late-1', expected: 'no-stream', deadlineMs: Date.now() + 60_000 })).to.equal('0');
  });

  it('what makes no sense ends the call as an invalid argument: no correlation id, no options, too many begun', async () => {
    const begun = Array.from({ length: 17 }, () => part({ id: randomUUID(), stream: 'begun-1', isFinal: false }));
    for (const requests of [[part({ id: 'none', stream: 'odd-1' })], [part({ id: randomUUID() })], begun]) {
      const error: ServiceError = await statusOf(send(...requests));
      expect(error.code).to.equal(status.INVALID_ARGUMENT);
    }
  });

  it('takes many large appends at once, more than it holds at a time', async () => {
    const ids = Array.from({ length: 40 }, () => randomUUID());
    const answers = await send(...ids.map((id) => part({ id, stream: 'large-1', messages: [{ data: JSON.stringify('x'.repeat(900_000)) }] })));
    expect([...answers.values()].every(([answer]) => answer?.hasSuccess() === true)).to.equal(true);
    expect(await countOf('large-1')).to.equal(40);
  });
});
