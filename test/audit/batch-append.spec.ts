/** BatchAppend answers each append exactly once, by its correlation id, whatever comes and in however many requests. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { status, type ServiceError } from '@grpc/grpc-js';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { maxAppendBytesHeld } from '../../services/audit/limits.ts';
import { createManualClock } from '../application/manual-clock.ts';
import { part, type Part } from './support/batch-requests.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { basic, rawClient, statusOf } from './support/raw-client.ts';

describe('audit front: batched appends', () => {
  let front: FrontUnderTest;
  let client: StreamsClient;
  const clock = createManualClock(new Date().toISOString());
  before(async () => {
    front = await startFront({ mayWrite: true, clock });
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
    expect(await outcome({ stream: 'late-1', deadlineMs: clock.now() - 1_000 })).to.equal('event_store.client.Timeout');
    expect(await outcome({ stream: 'late-1', expected: 'no-stream', deadlineMs: clock.now() + 60_000 })).to.equal('0');
  });

  it('what makes no sense ends the call as an invalid argument: no correlation id, no options, too many begun or too much of it', async () => {
    const begun = Array.from({ length: 17 }, () => part({ id: randomUUID(), stream: 'begun-1', isFinal: false }));
    const large = Array.from({ length: 5 }, () => part({ id: randomUUID(), stream: 'begun-1', isFinal: false, messages: [{ data: JSON.stringify('x'.repeat(1_000_000)) }] }));
    for (const requests of [[part({ id: 'none', stream: 'odd-1' })], [part({ id: randomUUID() })], begun, large]) {
      const error: ServiceError = await statusOf(send(...requests));
      expect(error.code).to.equal(status.INVALID_ARGUMENT);
    }
  });

  it('ends a call whose unfinished appends nobody goes on with, after 60 s', async () => {
    const call = client.batchAppend(basic()).on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
    const answers: streams.BatchAppendResp[] = [];
    const ended = once(call, 'error').catch((error: unknown) => [error]) as Promise<[ServiceError]>;
    call.write(part({ id: randomUUID(), stream: 'begun-2', isFinal: false }));
    call.write(part({ id: randomUUID(), stream: 'begun-2' }));
    // Answered: so the one before has come too.
    await once(call, 'data');
    expect(answers).to.have.lengthOf(1);
    await clock.advance(59_999);
    await clock.advance(1);
    expect((await ended)[0]).to.include({ code: status.INVALID_ARGUMENT }).with.property('details').that.matches(/60 s/);
  });

  it('holds so much for all calls together and no more; what one held is free for others when it ends', async () => {
    const hold = async (): Promise<{ readonly call: ReturnType<StreamsClient['batchAppend']>; readonly failure: Promise<ServiceError> }> => {
      const call = client.batchAppend(basic());
      const failure = once(call, 'error').catch((error: unknown) => [error]).then(([error]) => error as ServiceError);
      for (let count = 0; count < 4; count += 1) call.write(part({ id: randomUUID(), stream: 'begun-3', isFinal: false, messages: [{ data: JSON.stringify('x'.repeat(1_000_000)) }] }));
      call.write(part({ id: randomUUID(), stream: 'small-1' }));
      await Promise.race([once(call, 'data').catch(() => undefined), failure]);
      return { call, failure };
    };
    const holding = [];
    for (let bytes = 4_000_008; bytes <= maxAppendBytesHeld; bytes += 4_000_008) holding.push(await hold());
    expect((await (await hold()).failure).code).to.equal(status.UNAVAILABLE);
    for (const { call, failure } of holding) {
      call.cancel();
      expect((await failure).code).to.equal(status.CANCELLED);
    }
    expect(await outcome({ stream: 'small-1', messages: [{ data: JSON.stringify('x'.repeat(1_000_000)) }] })).to.not.equal('none');
  });

  it('takes many large appends at once, more than it holds at a time', async () => {
    const ids = Array.from({ length: 40 }, () => randomUUID());
    const answers = await send(...ids.map((id) => part({ id, stream: 'large-1', messages: [{ data: JSON.stringify('x'.repeat(900_000)) }] })));
    expect([...answers.values()].every(([answer]) => answer?.hasSuccess() === true)).to.equal(true);
    expect(await countOf('large-1')).to.equal(40);
  });
});

describe('audit front: batched appends without the right to write', () => {
  it('end at once with access-denied, before anything of them is taken', async () => {
    const front = await startFront();
    const client = rawClient(front);
    try {
      const append = part({ id: randomUUID(), stream: 'forged-1', isFinal: false, messages: [{ data: JSON.stringify('x'.repeat(1_000_000)) }] });
      for (let count = 0; count < 120; count += 1) {
        const call = client.batchAppend(basic());
        const failed = once(call.resume(), 'error').catch((error: unknown) => [error]) as Promise<[ServiceError]>;
        call.write(append);
        const [{ code, metadata }] = await failed;
        expect([code, ...metadata.get('exception')]).to.deep.equal([status.PERMISSION_DENIED, 'access-denied']);
      }
    } finally {
      client.close();
      await front.close();
    }
  });
});
