/** Finds the HTTP/2 session that grpc-js runs a call on, so that more calls can be made on it without grpc-js. */
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';
import { createSessionSockets, socketBeneath } from '../../proto/session-sockets.ts';
import { systemTunnelClock } from './clock.ts';

/** Node says on this channel which HTTP/2 streams it makes. */
const STREAM_CREATED = 'http2.client.stream.created';
const MARK = 'homeport-call';

/** One for the process: it tidies up after sessions that have ended. */
const sessionSockets = createSessionSockets(systemTunnelClock);

export interface CallSession {
  /** To be sent with the call: by it the call's stream is known among all. */
  readonly metadata: Metadata;
  /** Once the call has begun; undefined before. */
  readonly session: ClientHttp2Session | undefined;
  /** Looks no more. */
  stop(): void;
}

export function watchCallSession(): CallSession {
  const mark = randomUUID();
  const metadata = new Metadata();
  metadata.set(MARK, mark);
  let session: ClientHttp2Session | undefined;

  const onCreated = (message: unknown): void => {
    const { stream, headers } = message as { readonly stream: ClientHttp2Stream; readonly headers: Readonly<Record<string, unknown>> };
    if (String(headers[MARK]) !== mark) return;
    session = stream.session as ClientHttp2Session | undefined;
    if (session !== undefined) sessionSockets.add(session, socketBeneath(session));
    stop();
  };
  const stop = (): void => void unsubscribe(STREAM_CREATED, onCreated);
  subscribe(STREAM_CREATED, onCreated);

  return {
    metadata,
    get session() {
      return session;
    },
    stop,
  };
}
