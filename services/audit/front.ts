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
import type { Duplex } from 'node:stream';
import type { EventStore } from '../event-store/port.ts';
import { createAccess } from './access.ts';
import { type AppendCall, serveAppend } from './append-call.ts';
import { type BatchAppendCall, serveBatchAppend } from './batch-append-call.ts';
import { callErrorOf } from './call-error.ts';
import type { Authenticate } from './caller.ts';
import type { Clock } from './clock.ts';
import { serveDelete, serveTombstone } from './delete-calls.ts';
import { clusterInfo } from './gossip.ts';
import { maxCallsOfConnection, maxReads, maxReadsOfCaller, maxRequestBytes, maxWriteRequestBytes } from './limits.ts';
import { type ReadCall, serveRead } from './read-call.ts';
import { createReadPlaces } from './read-places.ts';
import { supportedMethods } from './server-features.ts';
import { createTurns } from './turns.ts';

export interface AuditFront {
  /** Takes a connection that speaks HTTP/2. `address` is the peer's IP address; `onAdmitted` is called once it has shown that it belongs here. */
  accept(socket: Duplex, peer: { readonly address: string; readonly onAdmitted?: () => void }): void;
  /** Ends every call. */
  close(): void;
}

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

/** From the answer that says so to the end of the connection. */
const guesserMs = 1_000;

interface Peer {
  readonly socket: Duplex;
  readonly address: string;
  readonly onAdmitted: (() => void) | undefined;
  isAdmitted: boolean;
}

/** Creates the front. */
export function createAuditFront({ store, authenticate, isWritable, clock, onFailure, stallMs = 60_000 }: AuditFrontDeps): AuditFront {
  const { StreamsService } = streamsService;
  const { ServerFeaturesService } = serverFeaturesService;
  const { GossipService } = gossipService;
  const instanceId = randomUUID();
  const turns = createTurns();
  // Writers share one account, and there is nobody else.
  const places = createReadPlaces({ ofAll: maxReads, ofCaller: isWritable ? maxReads : maxReadsOfCaller });
  /** What is known of connections, by what gRPC calls them. */
  const peers = new Map<string, Peer>();

  function admitted(peer: Peer | undefined): void {
    if (peer === undefined) return;
    peer.isAdmitted = true;
    peer.onAdmitted?.();
  }

  /** Who guesses pays a handshake for every few guesses; who was let in before is let alone. */
  function endSoon(peer: Peer | undefined): void {
    if (peer?.isAdmitted === false) clock.after(guesserMs, () => peer.socket.destroy());
  }

  const access = createAccess({
    authenticate,
    openPaths: new Set([ServerFeaturesService.getSupportedMethods.path, GossipService.read.path]),
    addressOf: (peer) => peers.get(peer)?.address ?? peer,
    onAdmitted: (peer) => admitted(peers.get(peer)),
    onTooManyAttempts: (peer) => endSoon(peers.get(peer)),
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
    batchAppend: (call: BatchAppendCall) => serveBatchAppend(call, access.callerOf(call), { store, clock, onFailure }),
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
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());

  return {
    accept(socket, { address, onAdmitted }) {
      const name = connectionName(socket);
      const peer: Peer = { socket, address, onAdmitted, isAdmitted: false };
      peers.set(name, peer);
      socket.once('close', () => {
        if (peers.get(name) === peer) peers.delete(name);
      });
      socket.on('error', () => undefined); // a broken connection ends its calls, which is all there is to do
      injector.injectConnection(socket);
    },
    close() {
      server.forceShutdown();
    },
  };
}

/** What gRPC's getPeer() answers for a connection. */
function connectionName(socket: Duplex): string {
  const { remoteAddress, remotePort } = socket as { remoteAddress?: string; remotePort?: number };
  if (remoteAddress === undefined) return 'unknown';
  return remotePort === undefined ? remoteAddress : `${remoteAddress}:${String(remotePort)}`;
}
