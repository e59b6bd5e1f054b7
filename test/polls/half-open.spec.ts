/**
 * A poll connection that passes nothing on any more and never says so is noticed by either end's pings alone. The product waits
 * 60 s and 20 s; here it is quicker, and test/e2e/failures/half-open-polls.spec.ts waits as long as the product does.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { ChannelCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { connectApi } from '../../agent/connection/api-client.ts';
import { trustAuthorities } from '../../agent/connection/trust.ts';
import { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type { PollRequest } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { POLL_KEEP_ALIVE } from '../../proto/poll-flow.ts';
import { startControlPlane } from '../agent/support/control-plane-double.ts';
import { eventually, joinSecretOf, startHarness } from '../application/harness.ts';
import { createTcpRelay } from '../support/relays.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { startListeningEdge } from './support/listening-edge.ts';

const QUICK = { afterMs: 100, timeoutMs: 150 };
const NEVER = { 'grpc.keepalive_time_ms': 3_600_000, 'grpc.use_local_subchannel_pool': 1 };
const EMPTY: PollRequest = { hello: undefined, sequence: 1, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: undefined };

describe('a poll connection that is half-open', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  it('is noticed by the control plane, which then counts the heartbeat as lost', async () => {
    const harness = await startHarness();
    const edge = await startListeningEdge(harness, QUICK);
    const relay = await createTcpRelay({ host: '127.0.0.1', port: edge.port });
    const client = new PollServiceClient(`127.0.0.1:${String(relay.port)}`, ChannelCredentials.createInsecure(), NEVER);
    cleanUps.push(() => client.close(), () => relay.close(), () => edge.close(), () => harness.close());
    const connected = once(edge.listener, 'connection') as Promise<[Socket]>;
    const environmentId = await harness.createEnvironment('factory');
    const call = client.poll().on('error', () => undefined);
    const hello = { environmentId, joinSecret: joinSecretOf(environmentId, 1), edgeId: '11111111-1111-4111-8111-111111111111', instanceId: 'instance1', protocolVersion: 1, version: '0.1.0', node: 'press', platform: 'linux/amd64', engine: undefined, swarm: undefined, endpoints: undefined };
    call.write({ ...EMPTY, hello });
    await once(call, 'data');
    const [socket] = await connected;
    const closed = once(socket, 'close');
    relay.swallow();
    await closed;
    // An open stream is never lost, however much time passes.
    await eventually(async () => {
      await harness.clock.advance(22_000);
      return (await harness.events()).some(({ type }) => type === 'HeartbeatLost');
    });
  });

  it('is noticed by the agent, whose call ends', async () => {
    const folder = createTemporaryFolder();
    mkdirSync(path.join(folder.path, 'data'));
    const controlPlane = await startControlPlane(path.join(folder.path, 'data'));
    const relay = await createTcpRelay({ host: '127.0.0.1', port: controlPlane.port });
    const target = { host: '127.0.0.1', port: relay.port };
    const client = await connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), new AbortController().signal, QUICK);
    cleanUps.push(() => client.close(), () => relay.close(), () => controlPlane.stop(), () => folder.remove());
    const call = client.poll();
    call.write(EMPTY);
    await once(call, 'data');
    const ended = once(call, 'error');
    relay.swallow();
    expect((await ended)[0]).to.have.property('details', 'Connection dropped');
  });

  it('is noticed within 90 s in the product', () => {
    expect(POLL_KEEP_ALIVE.afterMs + POLL_KEEP_ALIVE.timeoutMs).to.be.at.most(90_000);
  });
});
