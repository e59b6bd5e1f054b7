/** A connection that passes nothing on any more and never says so. The product waits 12 s and 16 s; here it is quicker. */
import { once } from 'node:events';
import { expect } from 'chai';
import type { Clock } from '../../services/application/clock.ts';
import { createTcpRelay } from '../support/relays.ts';
import type { Relay } from '../support/relays.ts';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { createManualClock } from './support/manual-clock.ts';
import { startTarget, type TestTarget } from './support/target.ts';

const QUICK = { afterMs: 100, timeoutMs: 150 };
const NEVER = { afterMs: 3_600_000, timeoutMs: 3_600_000 };

const channelOptionsOf = ({ afterMs, timeoutMs }: typeof QUICK) => ({ 'grpc.keepalive_time_ms': afterMs, 'grpc.keepalive_timeout_ms': timeoutMs });

describe('a tunnel whose connection is half-open', () => {
  let controlPlane: TestControlPlane;
  let target: TestTarget;
  let relay: Relay;

  async function start(ends: { readonly controlPlane: typeof QUICK; readonly agent: typeof QUICK }, clock?: Clock) {
    controlPlane = await startControlPlane({ keepAlive: ends.controlPlane, ...(clock === undefined ? {} : { clock }) });
    target = await startTarget((socket) => socket.pipe(socket));
    relay = await createTcpRelay({ host: '127.0.0.1', port: controlPlane.port });
    const { channelOptions } = controlPlane.identity;
    return controlPlane.openTunnel(target.path, { address: `127.0.0.1:${relay.port}`, channelOptions: { ...channelOptions, ...channelOptionsOf(ends.agent) } });
  }
  afterEach(async () => {
    await relay.close();
    await controlPlane.close();
    await target.close();
  });

  it('is noticed by the control plane, whose channels end, and which dials it no more', async () => {
    await start({ controlPlane: QUICK, agent: NEVER });
    const channel = await controlPlane.dial();
    const broken = once(channel, 'error');
    relay.swallow();
    await controlPlane.gate.lossCount(1);
    expect(controlPlane.gate.losses).to.have.length(1);
    expect(controlPlane.gate.losses[0]).to.include({ reason: 'connection-lost' });
    expect((await broken)[0]).to.have.property('code', 'tunnel-lost');
    expect(await controlPlane.dial().catch((error: unknown) => error)).to.have.property('code', 'tunnel-not-open');
  });

  it('is noticed by the agent, whose connections to its engine end', async () => {
    const tunnel = await start({ controlPlane: NEVER, agent: QUICK });
    const channel = await controlPlane.dial();
    channel.on('error', () => undefined);
    const closed = Promise.all([...target.connections].map((connection) => once(connection, 'close')));
    relay.swallow();
    expect(await tunnel.ended).to.deep.equal({ reason: 'connection-lost' });
    expect(await closed).to.have.length(1);
  });

  it('is lost within seconds where its agent is asked for a sign of life and gives none', async () => {
    const clock = createManualClock();
    await start({ controlPlane: NEVER, agent: NEVER }, clock);
    relay.swallow();
    const proven = controlPlane.edge.control.prove(controlPlane.key);
    clock.advance(2999);
    expect(controlPlane.edge.control.isOpen(controlPlane.key)).to.equal(true);
    clock.advance(1);
    await proven;
    await controlPlane.gate.lossCount(1);
    expect(controlPlane.gate.losses[0]).to.include({ reason: 'connection-lost' });
    expect(controlPlane.edge.control.isOpen(controlPlane.key)).to.equal(false);
  });

  it('is not taken for lost while its agent answers', async () => {
    const clock = createManualClock();
    await start({ controlPlane: NEVER, agent: NEVER }, clock);
    // The clock stands still: only the answer ends the wait.
    await controlPlane.edge.control.prove(controlPlane.key);
    clock.advance(10_000);
    expect(controlPlane.gate.losses).to.deep.equal([]);
    expect(controlPlane.edge.control.isOpen(controlPlane.key)).to.equal(true);
  });

  it('gives way to the next one, which the control plane takes though the former still looks open', async () => {
    await start({ controlPlane: NEVER, agent: NEVER });
    const before = await controlPlane.dial();
    const broken = once(before, 'error');
    relay.swallow();
    await controlPlane.openTunnel(target.path);
    expect((await broken)[0]).to.have.property('code', 'tunnel-lost');
    const channel = await controlPlane.dial();
    channel.end('ping');
    expect(String((await once(channel, 'data'))[0])).to.equal('ping');
  });
});
