/** Whoever guesses names and passwords pays a handshake for every few guesses; nobody else is kept out for it. */
import { expect } from 'chai';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { createManualClock, type ManualClock } from '../application/manual-clock.ts';
import { framed } from '../wire/messages.ts';
import { fill } from './support/events.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { rawClient, readAllRequest, readWhole } from './support/raw-client.ts';

describe('audit front: guessing', () => {
  let clock: ManualClock;
  let front: FrontUnderTest;
  let compared = 0;
  const sessions: ClientHttp2Session[] = [];
  beforeEach(async () => {
    clock = createManualClock();
    compared = 0;
    front = await startFront({ clock, onAuthenticate: () => (compared += 1) });
    await fill(front.store, 'environment-a', 3);
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await front.close();
  });

  function connect(): ClientHttp2Session {
    const session = http2.connect(`https://localhost:${front.port}`, { ca: front.ca }).on('error', () => undefined);
    sessions.push(session);
    return session;
  }

  /** The gRPC status of one read with these credentials. */
  async function attempt(session: ClientHttp2Session, credentials: string): Promise<string> {
    const headers = { ':method': 'POST', ':path': '/event_store.client.streams.Streams/Read', 'content-type': 'application/grpc', te: 'trailers' };
    const call = session.request({ ...headers, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` });
    call.end(framed(readAllRequest().serializeBinary()));
    let status = '';
    call.on('response', (answer) => (status ||= String(answer['grpc-status'] ?? '')));
    call.on('trailers', (answer: IncomingHttpHeaders) => (status ||= String(answer['grpc-status'])));
    call.resume();
    await once(call, 'close');
    return status;
  }

  it('ends a connection that fails too often, and lets the same address in by what is right', async () => {
    const guesser = connect();
    for (let tried = 0; tried < 9; tried += 1) expect(await attempt(guesser, `auditor:guess-${tried}`)).to.equal('16');
    await clock.advance(1_500);
    expect(guesser.destroyed, 'after nine').to.equal(false);
    const ended = once(guesser, 'close');
    expect(await attempt(guesser, 'auditor:guess-10')).to.equal('16');
    // At once: no time passes.
    await ended;

    const client = rawClient(front);
    expect(await readWhole(client, readAllRequest())).to.have.lengthOf(3);
    client.close();
  });

  it('compares nothing more on a connection that fails too often, however many calls are on their way', async () => {
    const guesser = connect();
    await once(guesser, 'connect');
    const ended = once(guesser, 'close');
    await Promise.allSettled(Array.from({ length: 100 }, (_, index) => attempt(guesser, `auditor:guess-${index}`)));
    await ended;
    expect(compared).to.equal(10);
    const again = connect();
    await once(again, 'connect');
    const endedToo = once(again, 'close');
    await Promise.allSettled(Array.from({ length: 100 }, (_, index) => attempt(again, `auditor:guess-${index}`)));
    await endedToo;
    expect(compared, 'one for its handshake').to.equal(11);
  });

  it('ends such a connection though its calls are never whole, and nobody takes its answers', async () => {
    const guesser = connect();
    const headers = { ':method': 'POST', ':path': '/event_store.client.streams.Streams/Read', 'content-type': 'application/grpc', te: 'trailers' };
    const calls = Array.from({ length: 10 }, () => guesser.request({ ...headers, authorization: 'Basic eDp5' }).on('error', () => undefined));
    await Promise.all(calls.map((call) => once(call, 'response')));
    const ended = once(guesser, 'close');
    await clock.advance(1_000);
    await ended;
  });

  it('leaves a connection alone that was let in before, whatever else comes on it', async () => {
    const session = connect();
    expect(await attempt(session, 'auditor:secret')).to.equal('0');
    for (let tried = 0; tried < 15; tried += 1) expect(await attempt(session, 'auditor:guess')).to.equal('16');
    await clock.advance(1_500);
    expect(await attempt(session, 'auditor:secret')).to.equal('0');
  });
});
