/** The control plane's part of bench/tunnel: the tunnels' edge, and a plain TCP port that leads into its tunnel. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';
import { pino } from 'pino';
import { makeTunnelCertificate } from '../services/control-plane/tls/make-certificate.ts';
import { CredentialsRefused } from '../services/application/ports/tunnel-gate.ts';
import { environmentTunnel } from '../services/domain/tunnel-key.ts';
import { createTunnelsEdge } from '../services/tunnels/edge.ts';
import { createTunnelListener } from '../services/control-plane/tunnel-listener.ts';
import { serveParent } from './support/child.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const cert = await makeTunnelCertificate(privateKey);
const edge = createTunnelsEdge({
  gate: {
    open: ({ environmentId, credentialsId, instanceId }) =>
      Promise.resolve({ key: environmentTunnel(environmentId), credentialsId, instanceId, agentNode: 'bench', inactivityMs: 3_600_000, maxChannels: 256 }),
    refuseMalformed: () => new CredentialsRefused('malformed-credentials', 'not a hello'),
    ready: () => undefined,
    lost: () => Promise.resolve(),
    mayClose: () => Promise.resolve(false),
    closed: () => Promise.resolve(),
  },
  logger: pino({ level: 'warn' }),
  limits: () => ({ maxChannelsPerTunnel: 256, stalledBytesLimit: 256 * 1024 * 1024 }),
});
const tunnelListener = await createTunnelListener({ host: '127.0.0.1', port: 0, key, cert, accept: edge.accept });

/** As OpenSSH's listener is: plain TCP, one connection to one channel. `environment` is told by the port. */
async function openPort(environment: string): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    void edge.dialer.dial(environmentTunnel(environment)).then(
      (channel) => {
        pipeline(socket, channel, () => undefined);
        pipeline(channel, socket, () => undefined);
      },
      () => socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

serveParent({ tunnelPort: tunnelListener.port, cert }, async (environment) => openPort(String(environment)));
