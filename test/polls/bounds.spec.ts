/** What a connection of the polls' edge may do before an agent is let in on it, and in all. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { type Harness, startHarness } from '../application/harness.ts';
import { callHead, createFrameReader, FRAME, type Frame, frame, PREFACE, settings } from '../support/http2-frames.ts';
import { type ListeningEdge, startListeningEdge } from './support/listening-edge.ts';

const POLL = '/homeport.poll.v1.PollService/Poll';

describe('polls: bounds of a connection', () => {
  let harness: Harness;
  let edge: ListeningEdge;
  let session: http2.ClientHttp2Session;

  beforeEach(async () => {
    harness = await startHarness();
    edge = await startListeningEdge(harness);
    session = http2.connect(`http://127.0.0.1:${String(edge.port)}`);
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
  });
  afterEach(async () => {
    session.destroy();
    await edge.close();
    await harness.close();
  });

  const answered = (): Promise<unknown> => new Promise((resolve) => session.ping(resolve));
  const call = (): http2.ClientHttp2Stream => session.request({ ':method': 'POST', ':path': POLL, 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => undefined);
  /** A call that writes bytes as they are. */
  const rawCall = (): ClientDuplexStream<Buffer, Buffer> =>
    edge.client.makeBidiStreamRequest(
      POLL,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    );

  it('a poll call has 10 s for its first request', async () => {
    const waiting = call();
    const ended = once(waiting, 'response');
    await answered();
    await harness.clock.advance(9_999);
    await answered();
    expect(waiting.closed).to.equal(false);
    await harness.clock.advance(1);
    const [headers] = (await ended) as [http2.IncomingHttpHeaders];
    expect(headers['grpc-status']).to.equal(String(status.DEADLINE_EXCEEDED));
  });

  it('it has 8 streams; one more is refused, and harms no other', async () => {
    // Not by Node's client, which would keep to the bound by itself.
    const socket = connect(edge.port, '127.0.0.1');
    const frames: Frame[] = [];
    const enough = Promise.withResolvers<undefined>();
    const read = createFrameReader((one) => {
      frames.push(one);
      if (one.type === FRAME.ping) enough.resolve(undefined);
    });
    socket.on('data', read);
    const heads = Array.from({ length: 9 }, (_, index) => callHead(2 * index + 1, POLL));
    socket.write(Buffer.concat([PREFACE, settings(), ...heads, frame(FRAME.ping, 0, 0, Buffer.alloc(8))]));
    await enough.promise;
    socket.destroy();
    const ended = frames.filter(({ type }) => type === FRAME.rstStream || type === FRAME.goaway);
    expect(ended.map(({ stream, payload }) => [stream, payload.readUInt32BE()])).to.deep.equal([[17, http2.constants.NGHTTP2_REFUSED_STREAM]]);
  });

  it('a message may have 64 KiB, and not a byte more', async () => {
    const codeOf = async (bytes: number): Promise<string | undefined> => {
      const one = rawCall();
      const ended = once(one, 'error') as Promise<[ServiceError]>;
      one.write(Buffer.alloc(bytes));
      return status[(await ended)[0].code];
    };
    expect(await codeOf(64 * 1024 + 1)).to.equal('RESOURCE_EXHAUSTED');
    // Zeros are no request, but this one is read.
    expect(await codeOf(64 * 1024)).to.equal('INVALID_ARGUMENT');
  });
});
