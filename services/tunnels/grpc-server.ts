/**
 * The gRPC server behind the tunnel port: fed with connections from anywhere, its receive windows raised, its calls handed
 * out raw, each with its HTTP/2 session, because a tunnel's place and its bounds belong to the connection beneath gRPC. Streams
 * of methods that carry bulk can be taken over whole.
 */
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, Settings } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { http2ServerOf } from '../../proto/grpc-http2-server.ts';
import {
  KEEP_ALIVE_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  STREAM_WINDOW_BYTES,
} from '../../proto/tunnel-flow.ts';

/** Streams a session may have open at once: every channel of the largest tunnel, and its Open. */
const MAX_CONCURRENT_STREAMS = 4096;

/** What happens on one raw call. Messages come one at a time, each after `call.startRead()`. */
export interface RawCallEvents<Message> {
  started(): void;
  message(message: Message): void;
  /** The client has ended its requests. */
  halfClosed(): void;
  /** The call is over, however it ended. */
  closed(): void;
}

/** A call before any gRPC stream object is made of it. */
export interface RawCall {
  readonly call: ServerInterceptingCallInterface;
  readonly session: ServerHttp2Session;
}

export type RawHandler<Message> = (raw: RawCall) => RawCallEvents<Message>;

export interface TunnelGrpcServer {
  /** Serves HTTP/2 on a byte stream. Returns its session, or undefined where the stream is no HTTP/2 connection. */
  inject(socket: Duplex): ServerHttp2Session | undefined;
  /** Ends all sessions at once. */
  close(): void;
}

export interface TunnelGrpcServerOptions {
  /** The service, its methods' paths and codecs. */
  readonly definition: ServiceDefinition;
  /** By method path. */
  readonly handlers: ReadonlyMap<string, RawHandler<unknown>>;
  /** By method path: takes a stream over before grpc-js sees it. */
  readonly direct: ReadonlyMap<string, (stream: ServerHttp2Stream) => void>;
  /** Each new stream, before it is handled: may end the session. */
  readonly onStream: (stream: ServerHttp2Stream) => void;
  /** Those both ends agree on by default. */
  readonly keepAlive?: KeepAlive;
}

/** When a silent connection is pinged, and how long the answer may take. */
export interface KeepAlive {
  readonly afterMs: number;
  readonly timeoutMs: number;
}

const KEEP_ALIVE: KeepAlive = { afterMs: KEEP_ALIVE_MS, timeoutMs: KEEP_ALIVE_TIMEOUT_MS };

export function createTunnelGrpcServer({ definition, handlers, direct, onStream, keepAlive = KEEP_ALIVE }: TunnelGrpcServerOptions): TunnelGrpcServer {
  // grpc-js calls its handlers within the event of the HTTP/2 server, so the stream of that event is the call's.
  let currentStream: ServerHttp2Stream | undefined;
  let injected: ServerHttp2Session | undefined;

  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
    'grpc.keepalive_time_ms': keepAlive.afterMs,
    'grpc.keepalive_timeout_ms': keepAlive.timeoutMs,
    interceptors: [
      (method, call) => {
        const session = currentStream?.session;
        const handler = handlers.get(method.path);
        if (session === undefined || handler === undefined) {
          throw new Error(`No HTTP/2 stream beneath a call of ${method.path}: this version of @grpc/grpc-js works otherwise.`);
        }
        return rawCall({ call, session: session as ServerHttp2Session }, handler);
      },
    ],
  });
  raiseStreamWindow(server);
  server.addService(definition, unreachable(definition));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const http2Server = http2ServerOf(server);
  http2Server.on('session', (session: ServerHttp2Session) => {
    injected = session;
  });
  const grpcListeners = http2Server.listeners('stream');
  http2Server.removeAllListeners('stream');
  http2Server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
    // A stream may break before anybody has taken it.
    stream.on('error', () => undefined);
    onStream(stream);
    // Where it was one too many its session is gone, and there is nobody left to answer.
    if (stream.session === undefined || stream.session.destroyed) return;
    const takeOver = direct.get(headers[':path'] ?? '');
    if (takeOver !== undefined) {
      takeOver(stream);
      return;
    }
    currentStream = stream;
    for (const listener of grpcListeners) Reflect.apply(listener, http2Server, [stream, headers, ...rest]);
    currentStream = undefined;
  });

  return {
    inject(socket) {
      injected = undefined;
      injector.injectConnection(socket);
      const session = injected;
      injected = undefined;
      return session;
    },
    close() {
      server.forceShutdown();
    },
  };
}

/** Takes a call over before grpc-js makes a stream object of it: messages pass by one at a time, with true write callbacks. */
function rawCall(raw: RawCall, handler: RawHandler<unknown>): ServerInterceptingCall {
  const responder = new ResponderBuilder().withStart((next) => {
    const events = handler(raw);
    next({
      onReceiveMetadata: (_metadata: Metadata) => events.started(),
      onReceiveMessage: (message: unknown) => events.message(message),
      onReceiveHalfClose: () => events.halfClosed(),
      onCancel: () => events.closed(),
    });
  });
  return new ServerInterceptingCall(raw.call, responder.build());
}

/** grpc-js insists on a handler for each method; the interceptor takes every call before. */
function unreachable(definition: ServiceDefinition): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.keys(definition).map((name) => [
      name,
      () => {
        throw new Error('unreachable');
      },
    ]),
  );
}

/**
 * Sets SETTINGS_INITIAL_WINDOW_SIZE. Servers have no option for it (grpc/grpc-node pull request 3058), so this reaches for a
 * private field, and fails loudly where that is not as expected; a spec reads the SETTINGS that clients see.
 */
function raiseStreamWindow(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions?: { settings?: Settings } };
  if (commonServerOptions?.settings?.maxConcurrentStreams !== MAX_CONCURRENT_STREAMS) {
    throw new Error('The HTTP/2 settings of @grpc/grpc-js servers are not where they were: stream windows can not be raised.');
  }
  commonServerOptions.settings.initialWindowSize = STREAM_WINDOW_BYTES;
}
