/** The tunnels' edge: agents' connections in, a dialer out. */
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { TunnelServiceService, type OpenRequest } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { createSessionSockets } from '../../proto/session-sockets.ts';
import { CONNECTION_WINDOW_BYTES } from '../../proto/tunnel-flow.ts';
import { systemClock, type Clock } from '../application/clock.ts';
import type { OpenedTunnel, TunnelControl, TunnelGate } from '../application/ports/tunnel-gate.ts';
import { tunnelStream } from '../domain/tunnel-key.ts';
import { createAdmission, type Admission } from './admission.ts';
import { createByteCounter } from './byte-counter.ts';
import { serveChannel } from './channel-call.ts';
import { createTunnelGrpcServer, type KeepAlive, type RawCall, type RawHandler } from './grpc-server.ts';
import { createLiveTunnel, type LiveTunnel } from './live-tunnel.ts';
import { serveOpen } from './open-call.ts';
import { TunnelError, type TunnelDialer } from './port.ts';
import { signOfLife } from './sign-of-life.ts';
import { createStallBound } from './stall-bound.ts';
import { createTunnelTraffic, type TunnelTraffic } from './traffic.ts';
import { createTunnelUse } from './tunnel-use.ts';

export interface TunnelLimits {
  readonly maxChannelsPerTunnel: number;
  /** Bytes that channels nobody reads may hold in this process. */
  readonly stalledBytesLimit: number;
}

export interface TunnelsEdge {
  /** Serves an agent's connection, wherever its bytes come from. `admitted` is true once its credentials were good, false when it ended before. */
  accept(socket: Duplex, peer: { readonly address: string }): { readonly admitted: Promise<boolean> };
  readonly dialer: TunnelDialer;
  readonly control: TunnelControl;
  readonly traffic: Readonly<TunnelTraffic>;
  /** Lets channels end for so long, then ends all. Each tunnel is recorded as lost (control-plane-stopping). */
  close(options: { readonly graceMs: number }): Promise<void>;
}

interface SessionRecord {
  readonly address: string;
  readonly admission: Admission;
  readonly bytesRead: () => number;
  tunnel: LiveTunnel | undefined;
}

export function createTunnelsEdge(deps: {
  readonly gate: TunnelGate;
  readonly logger: Logger;
  readonly limits: () => TunnelLimits;
  readonly clock?: Clock;
  /** How soon a dead connection is noticed; the protocol's by default. */
  readonly keepAlive?: KeepAlive;
}): TunnelsEdge {
  const { gate, logger, limits, clock = systemClock, keepAlive } = deps;
  const sessions = new Map<Http2Session, SessionRecord>();
  const live = new Map<string, { readonly tunnel: LiveTunnel; readonly session: Http2Session; readonly generation: number }>();
  const tunnels = new Set<LiveTunnel>();
  const sessionSockets = createSessionSockets(clock);
  const use = createTunnelUse(clock);
  const traffic = createTunnelTraffic();
  const stalls = createStallBound({ clock, logger, limitBytes: () => limits().stalledBytesLimit });
  let generations = 0;
  let isClosing = false;

  const { open, channel } = TunnelServiceService;
  const server = createTunnelGrpcServer({
    // Channels carry bulk, and are served without grpc-js's copies.
    definition: { open },
    handlers: new Map([[open.path, openHandler]]),
    direct: new Map([[channel.path, (stream) => serveChannel(stream, recordOf(stream)?.tunnel, clock)]]),
    onStream: (stream) => recordOf(stream)?.admission.onStream(stream),
    ...(keepAlive === undefined ? {} : { keepAlive }),
  });

  function recordOf({ session }: ServerHttp2Stream): SessionRecord | undefined {
    return session === undefined ? undefined : sessions.get(session);
  }

  function lastUsedAtMs(name: string): number | undefined {
    const atMs = use.of(name).lastUsedAtMs;
    return atMs === 0 ? undefined : atMs;
  }

  function openHandler(raw: RawCall): ReturnType<RawHandler<OpenRequest>> {
    const record = sessions.get(raw.session);
    return serveOpen(raw, {
      gate,
      logger,
      address: record?.address ?? 'unknown',
      admit: (opened) => admit(raw, opened, record),
    });
  }

  function admit(raw: RawCall, opened: OpenedTunnel, record: SessionRecord | undefined): LiveTunnel {
    const key = tunnelStream(opened.key);
    const tunnel = createLiveTunnel({
      raw,
      opened,
      gate,
      clock,
      logger,
      stalls,
      traffic,
      maxChannels: () => limits().maxChannelsPerTunnel,
      use: () => use.of(key),
      touched: () => use.touch(key),
      closing() {
        if (live.get(key)?.tunnel === tunnel) live.delete(key);
      },
    });
    record?.admission.admit();
    if (record !== undefined) record.tunnel = tunnel;
    raw.session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const former = live.get(key)?.tunnel;
    generations += 1;
    live.set(key, { tunnel, session: raw.session, generation: generations });
    tunnels.add(tunnel);
    void tunnel.gone.then(() => tunnels.delete(tunnel));
    // The gate let another in, so the former has ended for it.
    if (former !== undefined) void former.drain('replaced', 0);
    tunnel.welcome();
    if (isClosing) void tunnel.drain('control-plane-stopping', 0);
    else gate.ready(opened);
    return tunnel;
  }

  const dialer: TunnelDialer = {
    async dial(key, options) {
      const entry = live.get(tunnelStream(key));
      if (entry === undefined) throw new TunnelError('tunnel-not-open', 'No tunnel is open.');
      return entry.tunnel.dial(options?.signal);
    },
    hold: (key) => use.hold(tunnelStream(key)),
    lastUsedAtMs(key) {
      const name = tunnelStream(key);
      return live.has(name) ? lastUsedAtMs(name) : undefined;
    },
    generation: (key) => live.get(tunnelStream(key))?.generation,
  };

  const control: TunnelControl = {
    async drain(key, reason) {
      await live.get(tunnelStream(key))?.tunnel.drain(reason, 0);
    },
    touch(key) {
      const name = tunnelStream(key);
      if (!live.has(name)) return false;
      use.touch(name);
      return true;
    },
    isOpen: (key) => live.has(tunnelStream(key)),
    async prove(key) {
      const session = live.get(tunnelStream(key))?.session;
      const record = session === undefined ? undefined : sessions.get(session);
      if (session === undefined || record === undefined) return;
      if (!(await signOfLife(session, record.bytesRead, clock))) session.destroy();
    },
    lastUsedAtMs: (key) => lastUsedAtMs(tunnelStream(key)),
  };

  return {
    dialer,
    control,
    traffic,
    accept(socket, { address }) {
      const session = isClosing ? undefined : server.inject(socket);
      if (session === undefined) {
        socket.destroy();
        return { admitted: Promise.resolve(false) };
      }
      sessionSockets.add(session, socket);
      const bytesRead = createByteCounter(socket);
      const admission = createAdmission(session, bytesRead, clock);
      sessions.set(session, { address, admission, bytesRead, tunnel: undefined });
      session.once('close', () => sessions.delete(session));
      session.on('error', (error: Error) => logger.debug({ err: error, address }, 'a tunnel connection broke'));
      return { admitted: admission.decided };
    },
    async close({ graceMs }) {
      isClosing = true;
      await Promise.all([...tunnels].map((tunnel) => tunnel.drain('control-plane-stopping', graceMs)));
      stalls.close();
      const ended = [...sessions.keys()].map(sessionEnd);
      for (const session of sessions.keys()) session.destroy();
      server.close();
      // Goodbyes have been said; a session that waits for a write that is lost ends with its socket.
      const stopWaiting = clock.after(lastMs, () => sessionSockets.destroyAll());
      await Promise.all(ended);
      stopWaiting();
      sessionSockets.destroyAll();
    },
  };
}

/** How long a session that was destroyed may take to end, in milliseconds. */
const lastMs = 1000;

/** Sessions are forgotten as they end: what is still known has not. */
function sessionEnd(session: Http2Session): Promise<void> {
  return new Promise((resolve) => void session.once('close', resolve));
}
