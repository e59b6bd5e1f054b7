/** The audit port lets nobody hold it: connections are bounded in number, for each address, and in time until a call is let in. */
import { expect } from 'chai';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { AUDIT_CONNECTIONS_OF_ONE, AUDIT_WAITING, createAuditListener, type AuditListener } from '../../services/control-plane/audit-listener.ts';
import { createManualClock, type ManualClock } from '../application/manual-clock.ts';
import { makeServerCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';

describe('audit listener', () => {
  let clock: ManualClock;
  let listener: AuditListener;
  let ca = '';
  const admissions: (() => boolean)[] = [];
  const opened: net.Socket[] = [];

  beforeEach(async () => {
    clock = createManualClock();
    const made = await makeServerCertificate();
    ({ ca } = made);
    listener = await createAuditListener({
      host: '127.0.0.1',
      port: 0,
      certificate: { certificatePem: made.cert, keyPem: made.key },
      clock,
      accept(socket, { admit }) {
        admissions.push(admit);
        socket.write('hello');
        socket.resume();
      },
    });
  });
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.destroy();
    admissions.splice(0);
    listener.close();
  });

  async function connect(localAddress = '127.0.0.1', ALPNProtocols = ['h2'], { port } = listener): Promise<tls.TLSSocket> {
    const beneath = net.connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    const socket = tls.connect({ socket: beneath, servername: 'localhost', ca, ALPNProtocols });
    socket.on('error', () => undefined);
    opened.push(socket);
    await new Promise((resolve) => void socket.once('data', resolve).once('close', resolve));
    return socket;
  }

  it('lets in so many connections of one address and no more; one that goes makes room', async () => {
    const all: tls.TLSSocket[] = [];
    for (let count = 0; count <= AUDIT_CONNECTIONS_OF_ONE; count += 1) all.push(await connect());
    expect(admissions.map((admit) => admit())).to.deep.equal([...Array<boolean>(AUDIT_CONNECTIONS_OF_ONE).fill(true), false]);
    await connect('127.0.0.2');
    expect(admissions.at(-1)?.(), 'another address').to.equal(true);
    all[0]?.destroy();
    await eventually('room for one more', () => (admissions[AUDIT_CONNECTIONS_OF_ONE]?.() === true ? true : undefined));
  });

  it('lets who comes from elsewhere in, whatever crowd waits without a call', async () => {
    const crowd: tls.TLSSocket[] = [];
    for (let count = 0; count < AUDIT_WAITING; count += 1) crowd.push(await connect(`127.0.0.${2 + (count % 8)}`));
    const open = (): number => crowd.filter(({ destroyed }) => !destroyed).length;
    expect(open()).to.equal(AUDIT_WAITING);
    const newcomers = [await connect(), await connect(), await connect()];
    expect(newcomers.map(({ destroyed }) => destroyed)).to.deep.equal([false, false, false]);
    expect(admissions.slice(-3).map((admit) => admit())).to.deep.equal([true, true, true]);
    await eventually('one of the crowd gone for each', () => (open() === AUDIT_WAITING - 3 ? true : undefined));
  });

  it('ends a connection whose handshake is not done within 10 s, and one that says nothing', async () => {
    const [silent, slow] = [net.connect(listener.port, '127.0.0.1'), net.connect(listener.port, '127.0.0.1')];
    for (const socket of [silent, slow]) opened.push(socket.on('error', () => undefined).resume());
    slow.write(Buffer.from([0x16, 3, 1, 0, 200, 1]));
    // Whoever comes later is served later.
    const later = await connect();
    const ended = Promise.all([once(silent, 'close'), once(slow, 'close')]);
    await clock.advance(10_000);
    await ended;
    expect(later.destroyed).to.equal(false);
  });

  it('ends a connection without a call that was let in after 30 s, and lets one with such a call alone', async () => {
    const [idle, used] = [await connect(), await connect()];
    admissions[1]?.();
    const ended = once(idle, 'close');
    await clock.advance(31_000);
    await ended;
    expect(used.destroyed).to.equal(false);
  });

  it('chooses h2 of all that is offered, and ends who speaks anything else', async () => {
    expect((await connect('127.0.0.1', ['http/1.1', 'h2'])).alpnProtocol).to.equal('h2');
    for (const offered of [['http/1.1'], []]) expect((await connect('127.0.0.1', offered)).destroyed, offered.join()).to.equal(true);
    expect(admissions).to.have.lengthOf(1);
  });

  it('where HTTP/1.1 is served too, h2 is for who offers nothing else, and nobody stays longer than without a call', async () => {
    const made = await makeServerCertificate();
    ({ ca } = made);
    const taken: string[] = [];
    const greet = (socket: Duplex, as: string): void => {
      taken.push(as);
      socket.resume().write('hello');
    };
    const both = await createAuditListener({
      host: '127.0.0.1',
      port: 0,
      certificate: { certificatePem: made.cert, keyPem: made.key },
      clock,
      accept: (socket) => greet(socket, 'gRPC'),
      onHttp: (socket, { address }) => greet(socket, address),
    });
    try {
      const sockets: tls.TLSSocket[] = [];
      for (const offered of [['h2'], ['grpc-exp', 'h2'], ['http/1.1'], ['h2', 'http/1.1'], []]) sockets.push(await connect('127.0.0.3', offered, both));
      expect(sockets.map(({ alpnProtocol }) => alpnProtocol)).to.deep.equal(['h2', 'h2', 'http/1.1', 'http/1.1', false]);
      expect(taken).to.deep.equal(['gRPC', 'gRPC', '127.0.0.3', '127.0.0.3', '127.0.0.3']);
      const refused = await connect('127.0.0.3', ['spdy/3'], both);
      expect([refused.destroyed, taken.length]).to.deep.equal([true, 5]);
      const ended = Promise.all(sockets.map((socket) => once(socket, 'close')));
      await clock.advance(31_000);
      await ended;
    } finally {
      both.close();
    }
  });

  it('shows a new certificate from the next connection on', async () => {
    const other = await makeServerCertificate();
    listener.setCertificate({ certificatePem: other.cert, keyPem: other.key, spkiSha256: Buffer.alloc(32) });
    expect((await connect()).authorized).to.equal(false);
    ca = other.ca;
    expect((await connect()).authorized).to.equal(true);
  });

  it('ends every connection when it closes', async () => {
    const ended = once(await connect(), 'close');
    listener.close();
    await ended;
    const refused = net.connect(listener.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });
});
