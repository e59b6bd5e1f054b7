/** How long the product's agent waits before it calls again, with time and dice in the test's hand. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Client, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { connectApi } from '../../agent/connection/api-client.ts';
import { ConnectFailure } from '../../agent/connection/connect-failure.ts';
import { trustAuthorities } from '../../agent/connection/trust.ts';
import type { ApiAccess } from '../../agent/connection/api-access.ts';
import { countConnections } from '../../agent/fleet/connection-counter.ts';
import { createNotices } from '../../agent/notices.ts';
import { createPollLoop, POLL_TIMING } from '../../agent/polls/poll-loop.ts';
import { findFreePort } from '../support/ports.ts';
import { agentSuite } from './support/agent-suite.ts';
import { captureLog } from './support/captured-log.ts';
import { refuse } from './support/control-plane-double.ts';

describe('an agent that calls again', () => {
  const suite = agentSuite();

  /** The first waits of a loop, in milliseconds, with these dice; no time passes. */
  async function waitsOf(count: number, dice: number, access: ApiAccess): Promise<readonly number[]> {
    const waits: number[] = [];
    const stopping = new AbortController();
    const route = { apiUrl: 'https://cp.example:9443', address: 'cp.example:9443', access };
    const loop = createPollLoop({
      routes: { next: () => route, newest: () => route, failed: () => undefined, worked: () => undefined },
      request: () => ({ hello: undefined, sequence: 1, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: undefined }),
      answered: () => undefined,
      interrupted: () => undefined,
      notices: createNotices(captureLog().logger),
      timing: POLL_TIMING,
      chance: {
        random: () => dice,
        wait(ms) {
          waits.push(ms);
          if (waits.length === count) stopping.abort();
          return Promise.resolve();
        },
      },
    });
    await loop.run(stopping.signal);
    return waits;
  }

  const failing = (code: 'connection-refused' | 'fingerprint-mismatch'): ApiAccess => () => Promise.reject(new ConnectFailure(code));

  it('jitters its start, and backs off from half a second to five, doubling, where nobody is there', async () => {
    expect(await waitsOf(8, 1, failing('connection-refused'))).to.deep.equal([500, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
    expect(await waitsOf(4, 0, failing('connection-refused'))).to.deep.equal([0, 250, 250, 250]);
    expect(await waitsOf(4, 0.5, failing('connection-refused'))).to.deep.equal([250, 375, 625, 1125]);
  });

  it('asks ever more seldom, up to a minute, where someone else is there, who has to be mended by a person', async () => {
    expect(await waitsOf(11, 1, failing('fingerprint-mismatch'))).to.deep.equal([500, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('spreads its return over the time the control plane gave it, and comes again in each such time, for as long as the control plane is away', async () => {
    const { controlPlane } = suite();
    controlPlane.answer = ({ call }) => {
      // A restart: it ends the call right after its answer, and is not there for long.
      setImmediate(() => call.emit('error', { code: 14, details: 'going away' }));
      return { pollIntervalMs: 5000, reconnectSpreadMs: 67_000 };
    };
    const target = { host: '127.0.0.1', port: controlPlane.port };
    let isFirst = true;
    const access: ApiAccess = (signal) => {
      if (!isFirst) return Promise.reject(new ConnectFailure('connection-refused'));
      isFirst = false;
      return connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), signal);
    };
    const [jitter, spread, ...backoff] = await waitsOf(11, 1, access);
    expect([jitter, spread]).to.deep.equal([500, 67_500]);
    expect(Math.max(...backoff)).to.equal(67_000);
    expect(backoff.at(-1)).to.equal(67_000);
  });

  it('spreads its return as well when the control plane says that it is stopping; where its own network is the trouble it tries sooner', async () => {
    const { controlPlane } = suite();
    controlPlane.answer = ({ call }) => {
      setImmediate(() => refuse(call, status.UNAVAILABLE, 'control-plane-stopping', 'stopping'));
      return { pollIntervalMs: 5000, reconnectSpreadMs: 67_000 };
    };
    const target = { host: '127.0.0.1', port: controlPlane.port };
    let isFirst = true;
    const access: ApiAccess = (signal) => {
      if (!isFirst) return Promise.reject(new ConnectFailure('network-unreachable'));
      isFirst = false;
      return connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), signal);
    };
    expect(await waitsOf(10, 1, access)).to.deep.equal([500, 67_500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 67_000]);
  });

  it('tries once where nothing listens, and says so: a fleet whose control plane is started anew must not come twice', async () => {
    const { controlPlane } = suite();
    const target = { host: '127.0.0.1', port: await findFreePort() };
    const trust = trustAuthorities(target, controlPlane.certificate.caPem);
    const connections = countConnections();
    try {
      const failure = await connectApi(target, undefined, trust, new AbortController().signal).then(() => undefined, (error: unknown) => error);
      expect(failure).to.have.property('code', 'connection-refused');
      expect(connections.takeAttempts().map(([, count]) => count)).to.deep.equal([1]);
    } finally {
      connections.stop();
    }
  });

  it('does not try again behind its own back once it has given a connection up, as gRPC does by itself', async () => {
    const { controlPlane, after } = suite();
    const target = { host: '127.0.0.1', port: await findFreePort() };
    const others = await findFreePort();
    const trust = trustAuthorities(target, controlPlane.certificate.caPem);
    const attempts = new Map<number, number>();
    const { promise: othersCameTwice, resolve } = Promise.withResolvers<undefined>();
    const opened = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      socket.on('connectionAttempt', (_ip: string, port: number) => {
        const count = (attempts.get(port) ?? 0) + 1;
        attempts.set(port, count);
        if (port === others && count === 2) resolve(undefined);
      });
    };
    subscribe('net.client.socket', opened);
    after(() => unsubscribe('net.client.socket', opened));
    await connectApi(target, undefined, trust, new AbortController().signal).catch(() => undefined);
    const plain = new Client(`dns:127.0.0.1:${String(others)}`, trust.credentials, { 'grpc.use_local_subchannel_pool': 1 });
    await new Promise((done) => plain.waitForReady(Date.now() + 200, done));
    plain.close();
    // It began later, so its second attempt is later than ours would be.
    await othersCameTwice;
    expect(attempts.get(target.port)).to.equal(1);
  });

  it('asks after fifteen seconds, and every five minutes at the end, where it is refused for what only a person can mend', async () => {
    const { controlPlane } = suite();
    controlPlane.answer = ({ call }) => {
      refuse(call, status.UNAUTHENTICATED, 'wrong-join-secret', 'no');
      return undefined;
    };
    const target = { host: '127.0.0.1', port: controlPlane.port };
    const access: ApiAccess = (signal) => connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), signal);
    expect(await waitsOf(8, 1, access)).to.deep.equal([500, 15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });
});
