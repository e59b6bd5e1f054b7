/** Whoever guesses names and passwords pays a handshake for every few guesses; nobody else is kept out for it. */
import { expect } from 'chai';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { createManualClock, type ManualClock } from '../application/manual-clock.ts';
import { fill } from './support/events.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { rawClient, readAllRequest, readWhole } from './support/raw-client.ts';

describe('audit front: guessing', () => {
  let clock: ManualClock;
  let front: FrontUnderTest;
  const sessions: ClientHttp2Session[] = [];
  beforeEach(async () => {
    clock = createManualClock();
    front = await startFront({ clock });
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
    const message = readAllRequest().serializeBinary();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    call.end(Buffer.concat([head, message]));
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
    expect(await attempt(guesser, 'auditor:guess-10')).to.equal('16');
    const ended = once(guesser, 'close');
    await clock.advance(1_500);
    await ended;

    const client = rawClient(front);
    expect(await readWhole(client, readAllRequest())).to.have.lengthOf(3);
    client.close();
  });

  it('leaves a connection alone that was let in before, whatever else comes on it', async () => {
    const session = connect();
    expect(await attempt(session, 'auditor:secret')).to.equal('0');
    for (let tried = 0; tried < 15; tried += 1) expect(await attempt(session, 'auditor:guess')).to.equal('16');
    await clock.advance(1_500);
    expect(await attempt(session, 'auditor:secret')).to.equal('0');
  });
});
