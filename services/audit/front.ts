/**
 * The audit front: the protocol of EventStoreDB over whatever store is configured, so that auditors read and follow history with the tools
 * they have. Streams with a name and an API key; ServerFeatures and Gossip for everyone; all else is UNIMPLEMENTED.
 */
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import serverFeaturesService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import streamsService, { type IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { http2ServerOf } from '../../proto/grpc-http2-server.ts';
import { createSessionSockets } from '../../proto/session-sockets.ts';
import { createPlaces } from '../application/places.ts';
import type { EventStore } from '../event-store/port.ts';
import { createAccess } from './access.ts';
import { createAppendBytes } from './append-bytes.ts';
import { type AppendCall, serveAppend } from './append-call.ts';
import { type BatchAppendCall, serveBatchAppend } from './batch-append-call.ts';
import { callErrorOf } from './call-error.ts';
import type { Authenticate } from './caller.ts';
import type { Clock } from '../application/clock.ts';
import { serveDelete, serveTombstone } from './delete-calls.ts';
import { clusterInfo } from './gossip.ts';
import { maxAppendBytesHeld, maxCallsOfConnection, maxReads, maxReadsOfCaller, maxRequestBytes, maxWriteRequestBytes } from './limits.ts';
import { type ReadCall, serveRead } from './read-call.ts';
import { supportedMethods } from './server-features.ts';
import { createTurns } from './turns.ts';

/** Answers clients of EventStoreDB, whatever the store. */
export interface AuditFront {
  /** Takes a connection that speaks HTTP/2. `address` is the peer's IP address; `admit` is called when it has shown that it belongs here, and answers whether there is room for it. */
  accept(socket: Duplex, peer: { readonly address: string; readonly admit?: () => boolean }): void;
  /** Reads and subscriptions under way. */
  readers(): number;
  /** Ends every call. */
  close(): void;
}

/** What it needs of the process that it is in. */
export interface AuditFrontDeps {
  readonly store: EventStore;
  readonly authenticate: Authenticate;
  /** Whether there is an account that may write, and it is the only one: then requests may be as large as writers send them. */
  readonly isWritable: boolean;
  readonly clock: Clock;
  /** What failed, and was no refusal. */
  readonly onFailure: (error: unknown) => void;
  /** A reader that takes nothing for so long is dropped, in milliseconds; 60,000 by default. */
  readonly stallMs?: number;
}

/** Both ends ping: a subscriber that has gone is noticed. */
const keepAlive = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 20_000 };
/** A connection without any call is nobody's. */
const idleConnectionMs = 5 * 60_000;

/** The longest that a guesser's connection takes to its end, where the guesser does not take its answer. */
const guesserMs = 1_000;

interface Peer {
  readonly socket: Duplex;
  readonly address: string;
  session: ServerHttp2Session | undefined;
  readonly admit: (() => boolean) | undefined;
  isAdmitted: boolean;
  /** It has failed too often. */
  isShutOut: boolean;
}

/** Creates the front. */
export function createAuditFront({ store, authenticate, isWritable, clock, onFailure, stallMs = 60_000 }: AuditFrontDeps): AuditFront {
  const { StreamsService } = streamsService;
  const { ServerFeaturesService } = serverFeaturesService;
  const { GossipService } = gossipService;
  const instanceId = randomUUID();
  const turns = createTurns();
  // Writers share one account, and there is nobody else.
  const places = createPlaces({ inAll: maxReads, ofOne: isWritable ? maxReads : maxReadsOfCaller });
  const appendBytes = createAppendBytes(maxAppendBytesHeld);
  /** What is known of connections, by what gRPC calls them. */
  const peers = new Map<string, Peer>();

  function admit(peer: Peer | undefined): boolean {
    if (peer === undefined || peer.isAdmitted) return true;
    peer.isAdmitted = peer.admit?.() ?? true;
    return peer.isAdmitted;
  }

  /** Who guesses pays a handshake for every guess from then on; who was let in before is let alone. */
  function shutOut(peer: Peer | undefined): void {
    if (peer === undefined || peer.isAdmitted || peer.isShutOut) return;
    peer.isShutOut = true;
    // Takes no more calls, and ends once those that there are have their answers.
    peer.session?.close();
    const stopDeadline = clock.after(guesserMs, () => peer.socket.destroy());
    peer.socket.once('close', stopDeadline);
  }

  const access = createAccess({
    authenticate,
    openPaths: new Set([ServerFeaturesService.getSupportedMethods.path, GossipService.read.path]),
    writePaths: new Set([StreamsService.append.path, StreamsService.batchAppend.path, StreamsService.delete.path, StreamsService.tombstone.path]),
    addressOf: (peer) => peers.get(peer)?.address ?? peer,
    isShutOut: (peer) => peers.get(peer)?.isShutOut === true,
    onAdmitted: (peer) => admit(peers.get(peer)),
    onTooManyAttempts: (peer) => shutOut(peers.get(peer)),
  });
  const server = new Server({
    ...keepAlive,
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': maxCallsOfConnection,
    'grpc.max_connection_idle_ms': idleConnectionMs,
    'grpc.max_receive_message_length': isWritable ? maxWriteRequestBytes : maxRequestBytes,
    interceptors: [access.interceptor],
  });

  function answer<Response>(respond: sendUnaryData<Response>, serving: Promise<Response>): void {
    serving.then(
      (response) => respond(null, response),
      (error: unknown) => {
        const status = callErrorOf(error);
        if (status.isFailure) onFailure(error);
        respond(status);
      },
    );
  }

  const streams: IStreamsServer = {
    read: (call: ReadCall) => void serveRead(call, access.callerOf(call), { store, places, turns, clock, stallMs, onFailure }),
    append: (call: AppendCall, respond) => void serveAppend(call, respond, access.callerOf(call), { store, onFailure }),
    batchAppend: (call: BatchAppendCall) => serveBatchAppend(call, access.callerOf(call), { store, held: appendBytes, clock, onFailure }),
    delete: (call, respond) => answer(respond, serveDelete(call.request, access.callerOf(call), store)),
    tombstone: (call, respond) => answer(respond, serveTombstone(call.request, access.callerOf(call), store)),
  };
  server.addService(StreamsService, streams);
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (_call: ServerUnaryCall<Empty, SupportedMethods>, respond: sendUnaryData<SupportedMethods>) => respond(null, supportedMethods()),
  });
  server.addService(GossipService, {
    read: (call: ServerUnaryCall<Empty, ClusterInfo>, respond: sendUnaryData<ClusterInfo>) => respond(null, clusterInfo(call.getHost(), instanceId, clock.now())),
  });
  const sessionSockets = createSessionSockets(clock);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  /** Of the connection that is being injected. */
  let injected: ServerHttp2Session | undefined;
  http2ServerOf(server).on('session', (session: ServerHttp2Session) => {
    injected = session;
  });

  return {
    accept(socket, { address, admit: admitPeer }) {
      const name = connectionName(socket);
      const peer: Peer = { socket, session: undefined, address, admit: admitPeer, isAdmitted: false, isShutOut: false };
      peers.set(name, peer);
      socket.once('close', () => {
        if (peers.get(name) === peer) peers.delete(name);
      });
      socket.on('error', () => undefined); // a broken connection ends its calls, which is all there is to do
      injector.injectConnection(socket);
      peer.session = injected;
      if (injected !== undefined) sessionSockets.add(injected, socket);
      injected = undefined;
    },
    readers: () => places.taken,
    close() {
      server.forceShutdown();
      sessionSockets.destroyAll();
    },
  };
}

/** What gRPC's getPeer() answers for a connection. */
function connectionName(socket: Duplex): string {
  const { remoteAddress, remotePort } = socket as { remoteAddress?: string; remotePort?: number };
  if (remoteAddress === undefined) return 'unknown';
  return remotePort === undefined ? remoteAddress : `${remoteAddress}:${String(remotePort)}`;
}
