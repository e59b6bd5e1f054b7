/** The control plane's end of tunnels as tests need it: a real edge behind a real listener. */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { pino } from 'pino';
import { openTunnel, type OpenTunnel, type TunnelOptions } from '../../../agent/tunnel/open-tunnel.ts';
import { dockerSocketTarget } from '../../../agent/tunnel/dial-target.ts';
import type { Clock } from '../../../services/application/clock.ts';
import { environmentTunnel, type TunnelKey } from '../../../services/domain/tunnel-key.ts';
import { createTunnelsEdge, type TunnelLimits, type TunnelsEdge } from '../../../services/tunnels/edge.ts';
import { createTunnelListener, type TunnelListener } from '../../../services/control-plane/tunnel-listener.ts';
import { createTestIdentity, type TestIdentity } from './identity.ts';
import { createTestGate, GOOD_SECRET, type TestGate } from './test-gate.ts';

export const silent = pino({ level: 'silent' });
export const limits: TunnelLimits = { maxChannelsPerTunnel: 256, stalledBytesLimit: 256 * 1024 * 1024 };

export interface TestControlPlane {
  readonly gate: TestGate;
  readonly edge: TunnelsEdge;
  readonly listener: TunnelListener;
  readonly identity: TestIdentity;
  readonly key: TunnelKey;
  readonly port: number;
  /** Opens a tunnel of environment `e1` to the socket path, with good credentials. */
  openTunnel(socketPath: string, options?: Partial<TunnelOptions>): Promise<OpenTunnel>;
  dial(): Promise<Duplex>;
  close(): Promise<void>;
}

export async function startControlPlane(
  options: { readonly gate?: TestGate; readonly limits?: Partial<TunnelLimits>; readonly clock?: Clock; readonly keepAlive?: { readonly afterMs: number; readonly timeoutMs: number } } = {},
): Promise<TestControlPlane> {
  const identity = await createTestIdentity();
  const gate = options.gate ?? createTestGate();
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const keepAlive = options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive };
  const edge = createTunnelsEdge({ gate, logger: silent, limits: () => ({ ...limits, ...options.limits }), ...clock, ...keepAlive });
  const listener = await createTunnelListener({ host: '127.0.0.1', port: 0, ...identity, accept: edge.accept, ...clock });
  const stopping = new AbortController();
  const key = environmentTunnel('e1');
  const opened: OpenTunnel[] = [];
  return {
    gate,
    edge,
    listener,
    identity,
    key,
    port: listener.port,
    async openTunnel(socketPath, tunnelOptions) {
      const tunnel = await openTunnel({
        address: `127.0.0.1:${listener.port}`,
        credentials: identity.credentials,
        channelOptions: identity.channelOptions,
        hello: { environmentId: 'e1', credentialsId: randomUUID(), secret: GOOD_SECRET, instanceId: 'i1' },
        dialTarget: dockerSocketTarget(socketPath),
        logger: silent,
        signal: stopping.signal,
        ...tunnelOptions,
      });
      opened.push(tunnel);
      return tunnel;
    },
    dial: () => edge.dialer.dial(key),
    async close() {
      stopping.abort();
      await Promise.all(opened.map(({ ended }) => ended));
      listener.close();
      await edge.close({ graceMs: 0 });
    },
  };
}
