/** The gRPC edge of polls: PollService on connections handed to it, wherever their bytes come from. */
import type { ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { type GetBindingRequest, type GetBindingResponse, type PollServiceServer, PollServiceService } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { BINDING_NONCE_BYTES } from '../../proto/binding.ts';
import { healthDefinition, type HealthService } from '../../proto/grpc-health.ts';
import { http2ServerOf } from '../../proto/grpc-http2-server.ts';
import { POLL_KEEP_ALIVE, type PollKeepAlive } from '../../proto/poll-flow.ts';
import { createSessionSockets } from '../../proto/session-sockets.ts';
import { pingWhenSilent, type SilencePings } from '../../proto/silence-pings.ts';
import { MOST_FINGERPRINTS } from '../../proto/succession.ts';
import type { Clock } from '../application/clock.ts';
import { AgentRefused, type PollAdmission } from '../application/ports/poll-admission.ts';
import type { SnapshotRecording } from '../application/ports/snapshots.ts';
import { servePollCall } from './poll-call.ts';
import type { SignEndpoints } from './poll-messages.ts';
import { serveRecordSnapshot } from './record-snapshot.ts';

export interface PollsEdge {
  /**
   * Takes a connection that speaks HTTP/2. `address` is the peer's IP address. `admitted` is true once an agent was let in on it,
   * false when it ended before.
   */
  accept(socket: Duplex, peer: { readonly address: string }): { readonly admitted: Promise<boolean> };
  /** Ends every call with `control-plane-stopping`; resolves when its connections are gone. */
  close(): Promise<void>;
}

/** The other end of a connection. */
interface Peer {
  readonly address: string;
  /** An agent was let in on it. */
  readonly onAdmitted: () => void;
  /** It has said something. */
  readonly onHeard: () => void;
}

/** As gRPC's health protocol names it. */
const POLL_SERVICE = 'homeport.poll.v1.PollService';
/** A connection without any call is nobody's. */
const idleConnectionMs = 30_000;
/** So long a connection may be without an agent that was let in; a binding and a classic poll take moments. */
const admissionMs = 30_000;

/** A stopping control plane waits so long for its agents to take the news. */
const farewellMs = 1000;

/** So many calls end at a time, and then others are let have their turn: a fleet of 15,000 hears it within 3 s, and not in one rush. */
const callsAtOnce = 500;
const betweenPartsMs = 100;

/**
 * Creates the edge. `signBinding` proves to a nonce which certificate this port shows, to an agent that accepts these tunnel
 * fingerprints (base64; none from one that does not say).
 */
export function createPollsEdge(deps: {
  readonly admission: PollAdmission;
  readonly snapshots: SnapshotRecording;
  readonly signBinding: (nonce: Uint8Array, accepted: readonly string[]) => GetBindingResponse;
  readonly signEndpoints: SignEndpoints;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What gRPC's health protocol answers; always yes by default. */
  readonly isReady?: () => boolean;
  /** How soon a dead connection is noticed; the protocol's by default. */
  readonly keepAlive?: PollKeepAlive;
}): PollsEdge {
  const { admission, snapshots, signBinding, signEndpoints, logger, clock, isReady = () => true, keepAlive = POLL_KEEP_ALIVE } = deps;
  /** What is known of connections, by what gRPC calls them. */
  const peers = new Map<string, Peer>();
  const sockets = new Set<Duplex>();
  const sessionSockets = createSessionSockets(clock);
  /** What ends each open poll call. */
  const calls = new Set<(refusal: AgentRefused) => void>();
  let isStopping = false;
  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': 8,
    'grpc.max_connection_idle_ms': idleConnectionMs,
    'grpc.max_receive_message_length': 64 * 1024,
  });

  function peerOf(call: { getPeer(): string }): Peer {
    const name = call.getPeer();
    return peers.get(name) ?? { address: name, onAdmitted: () => undefined, onHeard: () => undefined };
  }

  const service: PollServiceServer = {
    poll(call) {
      const peer = peerOf(call);
      const end = servePollCall(call, peer, { admission, signEndpoints, logger, clock, onAdmitted: peer.onAdmitted, onHeard: peer.onHeard, onOver: () => void calls.delete(end) });
      if (isStopping) end(stoppingRefusal());
      else calls.add(end);
    },
    recordSnapshot(call, respond) {
      const peer = peerOf(call);
      serveRecordSnapshot(call, respond, peer, { admission, snapshots, logger, onAdmitted: peer.onAdmitted });
    },
    getBinding(call: ServerUnaryCall<GetBindingRequest, GetBindingResponse>, respond: sendUnaryData<GetBindingResponse>) {
      const { nonce, fingerprints } = call.request;
      if (nonce.length !== BINDING_NONCE_BYTES) {
        respond({ code: status.INVALID_ARGUMENT, details: `the nonce must have ${String(BINDING_NONCE_BYTES)} bytes` });
        return;
      }
      respond(null, signBinding(nonce, fingerprints.slice(0, MOST_FINGERPRINTS).map((one) => Buffer.from(one).toString('base64'))));
    },
  };
  const health: HealthService = {
    check({ request }, respond) {
      if (request.service !== '' && request.service !== POLL_SERVICE) return respond({ code: status.NOT_FOUND, details: 'no such service is here' });
      respond(null, { status: isReady() && !isStopping ? 1 : 2 });
    },
  };
  server.addService(PollServiceService, service);
  server.addService(healthDefinition, health);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  /** Of the connection that is being injected. */
  let injected: ServerHttp2Session | undefined;
  http2ServerOf(server).on('session', (session: ServerHttp2Session) => {
    injected = session;
  });

  return {
    accept(socket, { address }) {
      const name = connectionName(socket);
      const { promise: admitted, resolve: settle } = Promise.withResolvers<boolean>();
      const stopDeadline = clock.after(admissionMs, () => socket.destroy());
      let pings: SilencePings | undefined;
      const peer: Peer = {
        address,
        onAdmitted() {
          stopDeadline();
          settle(true);
        },
        onHeard: () => pings?.heard(),
      };
      peers.set(name, peer);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        stopDeadline();
        settle(false);
        if (peers.get(name) === peer) peers.delete(name);
      });
      // The listener lets HTTP/1.1 clients half-close. An agent that ends its side has gone: its process was killed.
      socket.once('end', () => socket.destroy());
      socket.on('error', () => undefined); // a broken connection ends its calls, which is all there is to do
      injector.injectConnection(socket);
      // Both ends ping: a poll stream counts as open only while its pings are answered.
      if (injected !== undefined) {
        sessionSockets.add(injected, socket);
        pings = pingWhenSilent(injected, keepAlive, clock);
      }
      injected = undefined;
      return { admitted };
    },
    async close() {
      isStopping = true;
      for (const some of inParts([...calls], callsAtOnce)) {
        for (const end of some) end(stoppingRefusal());
        if (calls.size > 0) await new Promise<void>((resolve) => void clock.after(betweenPartsMs, resolve));
      }
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      // Sessions of an injector outlive forceShutdown.
      injector.drain(farewellMs);
      // What does not go by itself has had twice the time.
      const stopWaiting = clock.after(2 * farewellMs, () => sessionSockets.destroyAll());
      await Promise.all(gone);
      stopWaiting();
      sessionSockets.destroyAll();
      server.forceShutdown();
    },
  };
}

function* inParts<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function stoppingRefusal(): AgentRefused {
  return new AgentRefused('control-plane-stopping', 'the control plane is stopping; it will be tried again');
}

/** What gRPC's getPeer() answers for a connection. */
function connectionName(socket: Duplex): string {
  const { remoteAddress, remotePort } = socket as { remoteAddress?: string; remotePort?: number };
  if (remoteAddress === undefined) return 'unknown';
  return remotePort === undefined ? remoteAddress : `${remoteAddress}:${String(remotePort)}`;
}
