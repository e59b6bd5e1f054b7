/** What a connection on the tunnel port may do before it has shown good credentials, and after. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { ChannelRequest, OpenRequest, OpenResponse } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { createTunnelListener, unadmittedBounds, type TunnelListener, type UnadmittedBounds } from '../../services/control-plane/tunnel-listener.ts';
import { createMessages, framed } from '../wire/messages.ts';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { createTestIdentity } from './support/identity.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { startTarget } from './support/target.ts';
import { GOOD_SECRET, UNKNOWN_CREDENTIALS } from './support/test-gate.ts';

const OPEN = '/homeport.tunnel.v1.TunnelService/Open';
const CHANNEL = '/homeport.tunnel.v1.TunnelService/Channel';
/** An eighth of every installation's, which take thousands of connections, each with both ends here. */
const BOUNDS: UnadmittedBounds = process.env['HOMEPORT_TEST_LONG'] === '1' ? unadmittedBounds : { silent: unadmittedBounds.silent / 8, handshakes: unadmittedBounds.handshakes / 8, waiting: unadmittedBounds.waiting / 8 };

function helloWith(credentialsId: string): Buffer {
  const hello = { environmentId: 'e1', credentialsId, secret: GOOD_SECRET, instanceId: 'i1' };
  return framed(OpenRequest.encode({ message: { $case: 'hello', value: hello } }).finish());
}

describe('a connection on the tunnel port', () => {
  let clock: ManualClock;
  let controlPlane: TestControlPlane;
  const sessions: http2.ClientHttp2Session[] = [];

  beforeEach(async () => {
    clock = createManualClock();
    controlPlane = await startControlPlane({ clock, limits: { maxChannelsPerTunnel: 2 } });
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await controlPlane.close();
  });

  async function connect(): Promise<http2.ClientHttp2Session> {
    const session = http2.connect(`https://127.0.0.1:${controlPlane.port}`, { rejectUnauthorized: false });
    sessions.push(session);
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
    return session;
  }

  function call(session: http2.ClientHttp2Session, path: string): http2.ClientHttp2Stream {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
    return stream.on('error', () => undefined);
  }

  /** Opens a tunnel whose channels this test opens itself; `next` is the next token that the control plane dials with. */
  async function openByHand(): Promise<{ readonly session: http2.ClientHttp2Session; readonly nextDial: () => Promise<Uint8Array> }> {
    const session = await connect();
    const open = call(session, OPEN);
    const messages = createMessages(open);
    const ready = new Promise((resolve) => Object.assign(controlPlane.gate, { ready: resolve }));
    open.write(helloWith('c1'));
    await ready;
    let seen = 0;
    const nextDial = async (): Promise<Uint8Array> => {
      for (;;) {
        const { message } = OpenResponse.decode(await messages.nth((seen += 1)));
        if (message?.$case === 'dial') return message.value.token;
      }
    };
    return { session, nextDial };
  }

  /** How a channel with this token is answered. */
  async function present(session: http2.ClientHttp2Session, token: Uint8Array): Promise<http2.IncomingHttpHeaders> {
    const channel = call(session, CHANNEL);
    const answered = once(channel, 'response') as Promise<[http2.IncomingHttpHeaders]>;
    channel.write(framed(ChannelRequest.encode({ message: { $case: 'token', value: token } }).finish()));
    return (await answered)[0];
  }

  it('is ended 10 s after its first byte where it shows no good credentials, whatever it does meanwhile', async () => {
    const silent = net.connect(controlPlane.port, '127.0.0.1');
    silent.on('error', () => undefined).resume();
    const session = await connect();
    const open = call(session, OPEN);
    open.write(helloWith(UNKNOWN_CREDENTIALS));
    await once(open.resume(), 'end');
    const ended = Promise.all([once(silent, 'close'), once(session, 'close')]);
    clock.advance(9_999);
    // It is there still: it answers.
    await new Promise((answered) => session.ping(answered));
    clock.advance(1);
    await ended;
  });

  it('has those 10 s in all: what its handshake took is not given to it again', async () => {
    const beneath = net.connect(controlPlane.port, '127.0.0.1');
    await once(beneath, 'connect');
    // Whoever comes later is served later: when this one is, the first has been accepted.
    await connect();
    clock.advance(6_000);
    const slow = tls.connect({ socket: beneath, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    slow.on('error', () => undefined);
    // The server's settings: it has seen the end of the handshake.
    await once(slow, 'data');
    const ended = once(slow, 'close');
    clock.advance(4_000);
    await ended;
  });

  it('lives on with good ones', async () => {
    const { session } = await openByHand();
    clock.advance(20_000);
    await new Promise((answered) => session.ping(answered));
    expect(session.destroyed).to.equal(false);
  });

  it('is ended with its third stream before that, not with its second', async () => {
    const session = await connect();
    for (let streams = 0; streams < 2; streams += 1) call(session, OPEN);
    await new Promise((answered) => session.ping(answered));
    expect(session.destroyed).to.equal(false);
    call(session, OPEN);
    await once(session, 'close');
  });

  it('is ended with more than 64 KiB before that, in however many messages, and not with less', async () => {
    const session = await connect();
    const channel = call(session, CHANNEL);
    channel.write(Buffer.alloc(60 * 1024));
    await new Promise((answered) => session.ping(answered));
    clock.advance(100);
    await new Promise((answered) => session.ping(answered));
    expect(session.destroyed).to.equal(false);
    const ended = once(session, 'close');
    // Frames that belong to no stream count too: these are some thousand answers to no question.
    const pings = setInterval(() => {
      for (let ping = 0; ping < 10 && !session.destroyed; ping += 1) session.ping(() => undefined);
      clock.advance(100);
    });
    await ended;
    clearInterval(pings);
  });

  it('has 10 s from a dial to its channel; then the dial has failed, and its token is good for nothing', async () => {
    const { session, nextDial } = await openByHand();
    const inTime = controlPlane.dial();
    expect(await present(session, await nextDial())).to.not.have.property('grpc-status');
    (await inTime).destroy();
    const failed = controlPlane.dial().catch((error: unknown) => error);
    const token = await nextDial();
    clock.advance(9_999);
    const early = await Promise.race([failed, new Promise((answered) => session.ping(() => answered('waits')))]);
    expect(early).to.equal('waits');
    clock.advance(1);
    expect(await failed).to.have.property('code', 'dial-timeout');
    expect(await present(session, token)).to.include({ 'grpc-status': String(status.PERMISSION_DENIED), 'homeport-reason': 'token-refused' });
  });

  it('has 10 s for the token of a channel', async () => {
    const { session } = await openByHand();
    const channel = call(session, CHANNEL);
    await new Promise((answered) => session.ping(answered));
    const refused = once(channel, 'response');
    clock.advance(10_000);
    const [headers] = (await refused) as [http2.IncomingHttpHeaders];
    expect(headers).to.include({ 'grpc-status': String(status.PERMISSION_DENIED), 'homeport-reason': 'token-refused' });
  });

  it('has as many channels as the setting says', async () => {
    const target = await startTarget();
    await controlPlane.openTunnel(target.path);
    const channels = await Promise.all([controlPlane.dial(), controlPlane.dial()]);
    expect(await controlPlane.dial().catch((error: unknown) => error)).to.have.property('code', 'too-many-channels');
    const [first] = channels;
    const gone = once(first.resume(), 'close');
    first.destroy();
    await gone;
    await target.close();
  });

  it('may have 4,096 streams, one for each channel that the setting may allow', async () => {
    const session = await connect();
    expect(session.remoteSettings.maxConcurrentStreams).to.equal(4096);
  });
});

describe('connections without credentials on the tunnel port', function () {
  this.timeout(60_000);
  let clock: ManualClock;
  let listener: TunnelListener;
  const sockets: net.Socket[] = [];
  beforeEach(async () => {
    clock = createManualClock();
    const { key, cert } = await createTestIdentity();
    listener = await createTunnelListener({ host: '127.0.0.1', port: 0, key, cert, clock, bounds: BOUNDS, accept: () => ({ admitted: new Promise(() => undefined) }) });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener.close();
  });

  function keep<Some extends net.Socket>(socket: Some): Some {
    sockets.push(socket);
    return socket.on('error', () => undefined);
  }
  async function connect(localAddress: string): Promise<net.Socket> {
    const socket = keep(net.connect({ port: listener.port, host: '127.0.0.1', localAddress }));
    await once(socket, 'connect');
    return socket.resume();
  }
  async function stopHalfWay(localAddress: string): Promise<net.Socket> {
    const socket = await connect(localAddress);
    socket.write(Buffer.from([0x16, 3, 1, 0, 200, 1]));
    return socket;
  }
  async function shakeHands(localAddress: string): Promise<net.Socket> {
    const beneath = keep(net.connect({ port: listener.port, host: '127.0.0.1', localAddress }));
    const socket = keep(tls.connect({ socket: beneath, rejectUnauthorized: false, ALPNProtocols: ['h2'] }));
    await once(socket, 'secureConnect');
    return socket.resume();
  }
  /** So many from one address, of which the first came first and the last came last; those between come together. */
  async function crowd(size: number, come: (localAddress: string) => Promise<net.Socket>): Promise<net.Socket[]> {
    const those = [await come('127.0.0.1')];
    while (those.length < size - 1) those.push(...(await Promise.all(Array.from({ length: Math.min(128, size - 1 - those.length) }, () => come('127.0.0.1')))));
    return [...those, await come('127.0.0.1')];
  }
  const open = (those: readonly net.Socket[]): number => those.filter(({ closed }) => !closed).length;

  for (const [what, most, shareMs, come] of [
    ['that say nothing', BOUNDS.silent, 250, connect],
    ['that stop half-way in their handshake', BOUNDS.handshakes, 2000, stopHalfWay],
    ['that say nothing after their handshake', BOUNDS.waiting, 2000, shakeHands],
  ] as const) {
    it(`${what} are bounded, and keep no other address out at all and their own for moments only`, async () => {
      const waiting = await crowd(most, come);
      // It has seen all of them once one that comes later is answered.
      await shakeHands('127.0.0.3');
      const [oldest, newest] = [waiting[0], waiting.at(-1 - Number(come === shakeHands))];
      if (oldest === undefined || newest === undefined) throw new Error('nobody waits');
      const gone = newest.closed ? undefined : once(newest, 'close');
      const other = await come('127.0.0.2');
      await gone;
      clock.advance(shareMs);
      const oldestGone = once(oldest, 'close');
      // Two, where a place is free by now.
      const next = [await come('127.0.0.1'), await come('127.0.0.1')];
      await oldestGone;
      expect(open([other, ...next])).to.equal(3);
    });
  }

  it('do not count with those of the other kind: a crowd that says nothing is no burden to who does', async () => {
    await crowd(BOUNDS.waiting + 1, stopHalfWay);
    expect(open([await shakeHands('127.0.0.1')])).to.equal(1);
  });
});
