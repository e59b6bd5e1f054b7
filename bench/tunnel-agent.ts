/** The agent's part of bench/tunnel: `node tunnel-agent.ts ENVIRONMENT TUNNEL_PORT SOCKET_PATH CERTIFICATE`. */
import { randomUUID } from 'node:crypto';
import { credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { dockerSocketTarget } from '../agent/tunnel/dial-target.ts';
import { openTunnel } from '../agent/tunnel/open-tunnel.ts';
import { serveParent } from './support/child.ts';

const [environmentId = '', port = '', socketPath = '', certificate = ''] = process.argv.slice(2);
await openTunnel({
  address: `127.0.0.1:${port}`,
  credentials: credentials.createSsl(Buffer.from(certificate)),
  channelOptions: { 'grpc.ssl_target_name_override': 'tunnel.homeport.internal' },
  hello: { environmentId, credentialsId: randomUUID(), secret: Buffer.alloc(32), instanceId: 'bench' },
  dialTarget: dockerSocketTarget(socketPath),
  logger: pino({ level: 'warn' }),
  signal: new AbortController().signal,
});
serveParent({});
