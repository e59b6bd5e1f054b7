/** A recorded installation brought back to life, and raw calls to it: what is sent are recorded bytes, not what today's code makes of them. */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import path from 'node:path';
import { openEventStore } from '../../services/event-store/open.ts';
import { createMessages, framed } from './messages.ts';
import type { RecordedInstallation } from './recording.ts';

/** Makes a data directory with the recorded keys and the recorded environment, for `serve` to start on. */
export async function restoreInstallation(dataDirectory: string, { installationKey, tunnelKey, tunnelCertificate, environmentId, events }: RecordedInstallation): Promise<void> {
  const write = (name: string, content: string | Buffer): void => {
    mkdirSync(path.dirname(path.join(dataDirectory, name)), { recursive: true, mode: 0o700 });
    writeFileSync(path.join(dataDirectory, name), content, { mode: 0o600 });
  };
  write('keys/installation.key', `${installationKey}\n`);
  write('tls/tunnel.key', createPrivateKey({ key: Buffer.from(tunnelKey, 'base64'), format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString());
  write('tls/tunnel.pem', tunnelCertificate);
  const store = await openEventStore({ dataDirectory });
  const recorded = events.map(({ id, type, data, metadata }) => ({ id, type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) }));
  await store.append(`environment-${environmentId}`, recorded, { expectedRevision: 'no-stream' });
  await store.close();
}

export interface RawCall {
  send(message: Uint8Array): void;
  /** Ends our side. */
  end(): void;
  /** The next message of the control plane. Throws where the call ends before. */
  next(): Promise<Buffer>;
  /** gRPC's status, once the call has ended. */
  readonly status: Promise<number>;
}

/** Connects as an agent does, trusting one certificate or authority (PEM). */
export async function connectRaw(port: number, ca: string, name: string): Promise<ClientHttp2Session> {
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca, ALPNProtocols: ['h2'], servername: name });
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

export function callRaw(session: ClientHttp2Session, method: string): RawCall {
  const stream = session.request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' });
  const messages = createMessages(stream);
  const { promise: status, resolve } = Promise.withResolvers<number>();
  const settle = (headers: IncomingHttpHeaders): void => {
    if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
  };
  stream.on('response', settle).on('trailers', settle).on('error', () => undefined);
  let taken = 0;
  return {
    send: (message) => void stream.write(framed(message)),
    end: () => void stream.end(),
    next: () => messages.nth(++taken),
    status,
  };
}
