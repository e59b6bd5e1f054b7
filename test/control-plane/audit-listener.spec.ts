/** The audit port lets nobody hold it: connections are bounded in number, for each address, and in time until a call is let in. */
import { expect } from 'chai';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { AUDIT_CONNECTIONS_OF_ONE, createAuditListener, type AuditListener } from '../../services/control-plane/audit-listener.ts';
import { createManualClock, type ManualClock } from '../application/manual-clock.ts';
import { makeServerCertificate } from '../support/certificates.ts';

describe('audit listener', () => {
  let clock: ManualClock;
  let listener: AuditListener;
  let ca = '';
  const admissions: (() => void)[] = [];
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
      accept(socket, { onAdmitted }) {
        admissions.push(onAdmitted);
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

  async function connect(): Promise<tls.TLSSocket> {
    const socket = tls.connect({ port: listener.port, host: 'localhost', ca, ALPNProtocols: ['h2'] });
    socket.on('error', () => undefined);
    opened.push(socket);
    await new Promise((resolve) => void socket.once('data', resolve).once('close', resolve));
    return socket;
  }

  it('takes so many connections of one address and no more; one that goes makes room', async () => {
    const all = await Promise.all(Array.from({ length: AUDIT_CONNECTIONS_OF_ONE }, connect));
    expect(all.filter(({ destroyed }) => destroyed)).to.deep.equal([]);
    expect((await connect()).destroyed).to.equal(true);
    const [first] = all;
    first?.destroy();
    for (let isIn = false; !isIn; ) isIn = !(await connect()).destroyed;
  });

  it('ends a connection without a call that was let in after 30 s, and lets one with such a call alone', async () => {
    const [idle, used] = [await connect(), await connect()];
    admissions[1]?.();
    const ended = once(idle, 'close');
    await clock.advance(31_000);
    await ended;
    expect(used.destroyed).to.equal(false);
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
