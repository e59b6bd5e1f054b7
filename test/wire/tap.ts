/** A tap on one port: ends TLS with that port's own key, passes HTTP/2 on, and notes each gRPC message and how each call ends. */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Transform } from 'node:stream';
import { PassThrough } from 'node:stream';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { type Speaker, type Step, meaningOf } from './recording.ts';

export interface Tap {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): void;
}

/** Numbers calls and connections, over all taps of a recording. */
export interface Notes {
  note(step: Step): void;
  nextCall(): number;
  nextConnection(): number;
}

const { NGHTTP2_FLAG_END_STREAM } = http2.constants;
const WINDOW_BYTES = 4 * 1024 * 1024;
const BULK_BYTES = 16 * 1024;

/** Starts a tap in front of a port of 127.0.0.1. */
export async function startTap(upstreamPort: number, own: { readonly key: string; readonly cert: string }, notes: Notes): Promise<Tap> {
  const server = http2.createSecureServer({ ...own, settings: { initialWindowSize: WINDOW_BYTES } });
  const upstreams = new Map<ServerHttp2Session, { readonly session: ClientHttp2Session; readonly connection: number }>();

  server.on('session', (session: ServerHttp2Session) => {
    const upstream = http2.connect(`https://127.0.0.1:${upstreamPort}`, { rejectUnauthorized: false, ALPNProtocols: ['h2'], settings: { initialWindowSize: WINDOW_BYTES } });
    upstreams.set(session, { session: upstream, connection: notes.nextConnection() });
    session.on('error', () => undefined).on('close', () => upstream.destroy());
    upstream.on('error', () => undefined).on('close', () => session.destroy());
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const upstream = stream.session === undefined ? undefined : upstreams.get(stream.session as ServerHttp2Session);
    if (upstream !== undefined) passOn(stream, headers, upstream.session, upstream.connection, notes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const session of upstreams.keys()) session.destroy();
    },
  };
}

function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: ClientHttp2Session, connection: number, notes: Notes): void {
  const call = notes.nextCall();
  const method = headers[':path'] ?? '';
  notes.note({ call, is: 'begun', method, connection });
  const { ':authority': _authority, ':scheme': _scheme, ...rest } = headers;
  const forward = upstream.request(rest, { endStream: false });
  let trailers: IncomingHttpHeaders = {};

  const ended = (said: IncomingHttpHeaders): void => {
    const reason = said[REASON_TRAILER];
    notes.note({ call, is: 'ended', status: Number(said['grpc-status']), ...(typeof reason === 'string' ? { reason } : {}) });
  };
  forward.on('response', (answer, flags) => {
    const isWhole = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    if (isWhole) ended(answer);
    stream.respond(answer, isWhole ? { endStream: true } : { waitForTrailers: true });
  });
  forward.on('trailers', (said: IncomingHttpHeaders) => {
    trailers = said;
  });
  stream.on('wantTrailers', () => {
    ended(trailers);
    stream.sendTrailers(trailers);
  });
  stream.pipe(noted('agent')).pipe(forward);
  forward.pipe(noted('control-plane')).pipe(stream);
  stream.once('end', () => notes.note({ call, is: 'half-closed' }));
  stream.on('error', () => undefined).once('close', () => forward.close(stream.rstCode));
  forward.on('error', () => undefined).once('close', () => {
    if (forward.rstCode !== 0) stream.close(forward.rstCode);
  });

  function noted(by: Speaker): Transform {
    const through = new PassThrough();
    let waiting: Buffer = Buffer.alloc(0);
    through.on('data', (piece: Buffer) => {
      waiting = Buffer.concat([waiting, piece]);
      while (waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt32BE(1)) {
        const bytes = waiting.subarray(5, 5 + waiting.readUInt32BE(1));
        notes.note({ call, is: 'said', by, bytes: bytes.toString('base64'), ...(bytes.length > BULK_BYTES ? {} : { says: meaningOf(method, by, bytes) }) });
        waiting = waiting.subarray(5 + bytes.length);
      }
    });
    return through;
  }
}
