/**
 * A poll connection that passes nothing on any more and never says so is noticed by either end's pings alone: by the
 * control plane after 60 s and 20 s of a clock held by hand. The agent's are quicker here; test/e2e/failures/half-open-polls.spec.ts
 * waits for both as long as the product does.
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { ChannelCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { connectApi } from '../../agent/connection/api-client.ts';
import { trustAuthorities } from '../../agent/connection/trust.ts';
import { startPollCall } from '../../agent/polls/poll-call.ts';
import { PollRequest, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { startControlPlane } from '../agent/support/control-plane-double.ts';
import { admin, startHarness } from '../application/harness.ts';
import { createTcpRelay } from '../support/relays.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { framed } from '../wire/messages.ts';
import { helloOf } from './support/hello.ts';
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
    const edge = await startListeningEdge(harness);
    const relay = await createTcpRelay({ host: '127.0.0.1', port: edge.port });
    const client = new PollServiceClient(`127.0.0.1:${String(relay.port)}`, ChannelCredentials.createInsecure(), NEVER);
    cleanUps.push(() => client.close(), () => relay.close(), () => edge.close(), () => harness.close());
    const connected = once(edge.listener, 'connection') as Promise<[Socket]>;
    const environmentId = await harness.createEnvironment('factory');
    // Told to poll so seldom it has polled once when it is lost, as a classic agent would have.
    await harness.app.environments.change(environmentId, { pollIntervalSeconds: 86_400 }, admin);
    const call = client.poll().on('error', () => undefined);
    call.write({ ...EMPTY, hello: helloOf(environmentId) });
    await once(call, 'data');
    const [socket] = await connected;
    const closed = once(socket, 'close');
    relay.swallow();
    await harness.clock.advance(60_000);
    await harness.clock.advance(20_000);
    await closed;
    // An open stream is never lost, however much time passes.
    for (let seconds = 0; !(await harness.events()).some(({ type }) => type === 'HeartbeatLost'); seconds += 1) {
      expect(seconds, 'seconds without a HeartbeatLost').to.be.below(600);
      await harness.clock.advance(1000);
    }
  });

  it('is noticed by the agent, whose call ends', async () => {
    const folder = createTemporaryFolder();
    mkdirSync(path.join(folder.path, 'data'));
    const controlPlane = await startControlPlane(path.join(folder.path, 'data'));
    const relay = await createTcpRelay({ host: '127.0.0.1', port: controlPlane.port });
    const target = { host: '127.0.0.1', port: relay.port };
    const client = await connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), new AbortController().signal);
    cleanUps.push(() => client.close(), () => relay.close(), () => controlPlane.stop(), () => folder.remove());
    const answers = Promise.withResolvers<undefined>();
    const call = startPollCall({
      client,
      request: () => EMPTY,
      answered: () => {
        answers.resolve(undefined);
        return 3_600_000;
      },
      intervalMs: 3_600_000,
      // Long after the test: only pings can tell.
      random: () => 1,
      keepAlive: QUICK,
      signal: new AbortController().signal,
    });
    await answers.promise;
    relay.swallow();
    expect(await call.ended).to.deep.equal({ kind: 'lost', detail: 'pings are not answered' });
  });

  it('is not looked for while polls come: the control plane pings once it is silent', async () => {
    const harness = await startHarness();
    const edge = await startListeningEdge(harness);
    cleanUps.push(() => edge.close(), () => harness.close());
    const environmentId = await harness.createEnvironment('factory');
    const session = connect(`http://127.0.0.1:${String(edge.port)}`);
    cleanUps.unshift(() => session.destroy());
    session.on('error', () => undefined);
    let pinged = 0;
    session.on('ping', () => (pinged += 1));
    const stream = session.request({ ':method': 'POST', ':path': '/homeport.poll.v1.PollService/Poll', 'content-type': 'application/grpc', te: 'trailers' });
    // Three times as long as a silence may be, with a poll in each half of that.
    for (let sequence = 1; sequence <= 6; sequence++) {
      stream.write(framed(PollRequest.encode({ ...EMPTY, sequence, hello: sequence === 1 ? helloOf(environmentId) : undefined }).finish()));
      await once(stream, 'data');
      await harness.clock.advance(30_000);
    }
    expect(pinged).to.equal(0);
    const ping = once(session, 'ping');
    await harness.clock.advance(60_000);
    await ping;
  });
});
