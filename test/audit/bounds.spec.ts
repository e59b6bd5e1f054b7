/** What one connection may ask of the audit front at once, and how large its requests may be. */
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { maxRequestBytes, maxWriteRequestBytes } from '../../services/audit/limits.ts';
import { createManualClock } from '../application/manual-clock.ts';
import { eventually } from '../support/eventually.ts';
import { part } from './support/batch-requests.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { basic, rawClient, readAllRequest, readWhole } from './support/raw-client.ts';

describe('audit front: bounds', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(options: Parameters<typeof startFront>[0] = {}): Promise<FrontUnderTest> {
    const front = await startFront(options);
    cleanUps.push(() => front.close());
    return front;
  }

  async function connect({ port, ca }: FrontUnderTest): Promise<ClientHttp2Session> {
    const session = http2.connect(`https://localhost:${port}`, { ca }).on('error', () => undefined);
    cleanUps.push(() => session.destroy());
    await once(session, 'remoteSettings');
    return session;
  }

  /** Begins a read whose request is as long as it says. */
  function announce(session: ClientHttp2Session, bytes: number): ClientHttp2Stream {
    const authorization = `Basic ${Buffer.from('auditor:secret').toString('base64')}`;
    const call = session.request({ ':method': 'POST', ':path': '/event_store.client.streams.Streams/Read', 'content-type': 'application/grpc', te: 'trailers', authorization });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes, 1);
    call.on('error', () => undefined).write(prefix);
    return call;
  }

  it('a connection may have 128 calls at once', async () => {
    expect((await connect(await start())).remoteSettings.maxConcurrentStreams).to.equal(128);
  });

  for (const [who, mayWrite, most] of [['readers', false, maxRequestBytes], ['writers', true, maxWriteRequestBytes]] as const) {
    it(`a request of ${who} is refused before it has come where it is larger than it may be`, async () => {
      const session = await connect(await start({ mayWrite }));
      const allowed = announce(session, most);
      let isAnswered = false;
      allowed.on('response', () => (isAnswered = true));
      const [headers] = (await once(announce(session, most + 1), 'response')) as [IncomingHttpHeaders];
      expect(headers['grpc-status']).to.equal(String(status.RESOURCE_EXHAUSTED));
      expect(isAnswered, 'the one that may come').to.equal(false);
    });
  }

  for (const [who, isKnown] of [['that was let in', true], ['that was not let in', false]] as const) {
    it(`a connection ${who} may ${isKnown ? '' : 'not '}send more than 1 MiB`, async () => {
      const clock = createManualClock();
      const front = await start({ mayWrite: true, clock });
      const session = await connect(front);
      const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
      if (isKnown) await once(announce(session, maxWriteRequestBytes + 1), 'response');
      const call = session.request({ ...headers, ':path': '/event_store.client.server_features.ServerFeatures/GetSupportedMethods' }).on('error', () => undefined);
      const message = Buffer.alloc(2 * 1024 * 1024);
      message.writeUInt32BE(maxWriteRequestBytes, 1);
      const sent = new Promise((resolve) => void call.write(message, resolve));
      if (isKnown) {
        await sent;
        await new Promise((answered) => session.ping(answered));
        await clock.advance(1_000);
        await new Promise((answered) => session.ping(answered));
        expect(session.destroyed).to.equal(false);
      } else {
        const begunMs = clock.now();
        await eventually('the end', async () => {
          // Not so long that it would end for want of a call.
          if (clock.now() - begunMs < 20_000) await clock.advance(100);
          return session.destroyed ? true : undefined;
        });
      }
    });
  }

  for (const [what, bytes, sent, most] of [
    ['512 appends', 10, 600, 512],
    ['8 MiB of appends', 900_000, 20, 10],
  ] as const) {
    it(`a call has ${what} in flight and no more; what it sends beyond waits until some are answered`, async () => {
      const released = Promise.withResolvers<undefined>();
      let begun = 0;
      const beforeAppend = async (): Promise<void> => {
        begun += 1;
        await released.promise;
      };
      const front = await start({ mayWrite: true, clock: createManualClock(), beforeAppend });
      const client = rawClient(front);
      cleanUps.push(() => client.close());
      const call = client.batchAppend(basic());
      const ids = Array.from({ length: sent }, () => randomUUID());
      for (const id of ids) call.write(part({ id, stream: 'bounded-1', messages: [{ data: JSON.stringify('x'.repeat(bytes)) }] }));
      call.end();
      await eventually('as many as may be', () => (begun >= most ? true : undefined));
      // Another call is served meanwhile, from which on there would have been more.
      for (let turn = 0; turn < 10; turn += 1) await readWhole(client, readAllRequest());
      expect(begun).to.equal(most);
      released.resolve(undefined);
      const answered: string[] = [];
      for await (const answer of call) answered.push((answer as ReturnType<typeof part>).getCorrelationId()?.getString() ?? '');
      expect(answered.sort()).to.deep.equal([...ids].sort());
      expect(front.failures).to.deep.equal([]);
    });
  }
});
