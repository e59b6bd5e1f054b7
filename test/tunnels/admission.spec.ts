/** Strangers on the tunnel port: what they say is checked before anything is decided, and how many may wait is bounded. */
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { createTunnelListener, UNADMITTED_CONNECTIONS_OF_ONE, type TunnelListener } from '../../services/control-plane/tunnel-listener.ts';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { createTestIdentity } from './support/identity.ts';
import { GOOD_SECRET } from './support/test-gate.ts';

describe('a hello that no tunnel credentials give rise to', () => {
  let controlPlane: TestControlPlane;
  beforeEach(async () => {
    controlPlane = await startControlPlane();
  });
  afterEach(() => controlPlane.close());

  const good = { environmentId: 'e1', credentialsId: 'c1', secret: GOOD_SECRET, instanceId: 'i1' };
  for (const [what, bad] of Object.entries({
    'an environment id with a slash': { environmentId: 'e1/../e2' },
    'an empty environment id': { environmentId: '' },
    'credentials of too many characters': { credentialsId: 'c'.repeat(65) },
    'an instance id with a line break': { instanceId: 'i1\n' },
    'a secret that is far too long': { secret: Buffer.alloc(65) },
  })) {
    it(`is refused, and recorded without a word of it, not looked up: ${what}`, async () => {
      const refusal: unknown = await controlPlane.openTunnel('/nowhere.sock', { hello: { ...good, ...bad } }).catch((error: unknown) => error);
      expect(refusal).to.have.property('reason', 'malformed-credentials');
      expect(controlPlane.gate.openings).to.deep.equal([]);
      expect(controlPlane.gate.malformed).to.have.length(1);
    });
  }
});

describe('connections without credentials on the tunnel port', () => {
  let listener: TunnelListener | undefined;
  const sockets: net.Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener?.close();
  });

  async function connect(port: number, localAddress: string): Promise<net.Socket> {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket.resume();
  }

  it('of one address are bounded, so that it keeps no other address out, and one that leaves makes room', async () => {
    const { key, cert } = await createTestIdentity();
    listener = await createTunnelListener({ host: '127.0.0.1', port: 0, key, cert, accept: () => ({ admitted: new Promise(() => undefined) }) });
    const { port } = listener;
    const waiting: net.Socket[] = [];
    for (let count = 0; count < UNADMITTED_CONNECTIONS_OF_ONE; count += 1) waiting.push(await connect(port, '127.0.0.1'));
    const refused = await connect(port, '127.0.0.1');
    if (!refused.closed) await once(refused, 'close');

    const other = await connect(port, '127.0.0.2');
    // Whoever says something that is not TLS is hung up on: where nothing was said, an open connection is one that waits.
    const gone = waiting[0];
    if (gone === undefined) throw new Error('nobody waits');
    gone.write('no TLS\n');
    if (!gone.closed) await once(gone, 'close');
    const next = await connect(port, '127.0.0.1');
    const another = await connect(port, '127.0.0.1');
    if (!another.closed) await once(another, 'close');
    expect([other, next, ...waiting.slice(1)].filter(({ closed }) => closed)).to.deep.equal([]);
  });
});
