/** Channels that one end still has and the other has lost. Each end is tried against a peer that leaves one out of its lists. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import * as grpc from '@grpc/grpc-js';
import { expect } from 'chai';
import { dockerSocketTarget } from '../../agent/tunnel/dial-target.ts';
import { openTunnel } from '../../agent/tunnel/open-tunnel.ts';
import { channelId } from '../../proto/channel-id.ts';
import {
  TunnelServiceClient,
  TunnelServiceService,
  type ChannelRequest,
  type ChannelResponse,
  type OpenRequest,
  type OpenResponse,
  type TunnelServiceServer,
} from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { silent, startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { createTestIdentity } from './support/identity.ts';
import { startTarget, type TestTarget } from './support/target.ts';
import { GOOD_SECRET } from './support/test-gate.ts';

type Listed = readonly { readonly token: Uint8Array }[];

const listOf = (channels: Listed) => ({ $case: 'liveChannels' as const, value: { channelIds: channels.map(({ token }) => Buffer.from(channelId(token), 'hex')) } });

describe('a channel that the agent no longer has', () => {
  let controlPlane: TestControlPlane;
  let client: TunnelServiceClient;
  let open: grpc.ClientDuplexStream<OpenRequest, OpenResponse>;

  beforeEach(async () => {
    controlPlane = await startControlPlane();
    const { identity, port } = controlPlane;
    client = new TunnelServiceClient(`dns:127.0.0.1:${port}`, identity.credentials, identity.channelOptions);
    open = client.open();
    open.on('error', () => undefined);
    open.write({ message: { $case: 'hello', value: { environmentId: 'e1', credentialsId: randomUUID(), secret: GOOD_SECRET, instanceId: 'i1' } } });
    await once(open, 'data');
  });
  afterEach(async () => {
    open.cancel();
    client.close();
    await controlPlane.close();
  });

  interface Channel {
    readonly token: Uint8Array;
    readonly call: grpc.ClientDuplexStream<ChannelRequest, ChannelResponse>;
    /** What whoever dialled got. */
    readonly dialled: Duplex;
  }

  /** A channel as an agent opens it. */
  async function channel(): Promise<Channel> {
    const dialling = controlPlane.dial();
    const [{ message }] = (await once(open, 'data')) as [OpenResponse];
    if (message?.$case !== 'dial') throw new Error('no dial');
    const { token } = message.value;
    const call = client.channel();
    call.on('error', () => undefined).resume();
    call.write({ message: { $case: 'token', value: token } });
    return { token, call, dialled: await dialling };
  }

  /** Says which channels are alive; resolves when the control plane has heard it, since messages stay in order. */
  async function say(...channels: Listed): Promise<void> {
    open.write({ message: listOf(channels) });
    const asked = controlPlane.gate.questions.length;
    open.write({ message: { $case: 'idle', value: { idleMs: 0 } } });
    await once(open, 'data');
    expect(controlPlane.gate.questions).to.have.length(asked + 1);
  }

  it('is dropped once two lists in a row lack it, and no other is', async () => {
    const [orphan, living] = [await channel(), await channel()];
    const broken = once(orphan.dialled, 'error');
    await say(living);
    expect(orphan.dialled.destroyed).to.equal(false);
    await say(living);
    expect((await broken)[0]).to.include({ code: 'channel-reset' });
    expect(living.dialled.destroyed).to.equal(false);
    const echoed = once(living.dialled, 'data');
    living.call.write({ message: { $case: 'data', value: Buffer.from('still here') } });
    expect(String((await echoed)[0])).to.equal('still here');
  });

  it('is kept where one list lacked it, which was written while it was opened', async () => {
    const kept = await channel();
    await say();
    await say(kept);
    await say();
    expect(kept.dialled.destroyed).to.equal(false);
  });

  it('is kept while bytes of it wait to be read here', async () => {
    const ended = await channel();
    ended.call.write({ message: { $case: 'data', value: randomBytes(256 * 1024) } });
    // Nobody reads them yet.
    await once(ended.dialled, 'readable');
    for (let times = 0; times < 3; times++) await say();
    expect(ended.dialled.destroyed).to.equal(false);
  });
});

describe('a channel that the control plane no longer has', () => {
  let server: grpc.Server;
  let target: TestTarget;
  const stopping = new AbortController();
  let open: grpc.ServerDuplexStream<OpenRequest, OpenResponse>;
  const heard: string[] = [];

  before(async () => {
    const identity = await createTestIdentity();
    target = await startTarget((socket) => void socket.on('end', () => socket.end()).resume());
    const service: TunnelServiceServer = {
      open(call) {
        open = call;
        call.on('error', () => undefined).on('end', () => call.end());
        call.on('data', ({ message }: OpenRequest) => {
          if (message?.$case === 'hello') call.write({ message: { $case: 'welcome', value: { inactivityMs: 300_000, maxChannels: 256 } } });
          else if (message !== undefined) heard.push(message.$case);
        });
      },
      // Takes all there is, and never ends it.
      channel: (call) => void call.on('error', () => undefined).resume(),
    };
    server = new grpc.Server();
    server.addService(TunnelServiceService, service);
    const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(identity.cert), private_key: Buffer.from(identity.key) }]);
    const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))));
    await openTunnel({
      address: `127.0.0.1:${port}`,
      credentials: identity.credentials,
      channelOptions: identity.channelOptions,
      hello: { environmentId: 'e1', credentialsId: randomUUID(), secret: GOOD_SECRET, instanceId: 'i1' },
      dialTarget: dockerSocketTarget(target.path),
      logger: silent,
      signal: stopping.signal,
    });
  });
  after(async () => {
    stopping.abort();
    server.forceShutdown();
    await target.close();
  });

  /** A channel that the agent opens to its engine. */
  async function channel() {
    const token = randomBytes(16);
    const connected = target.next();
    open.write({ message: { $case: 'dial', value: { token, target: '' } } });
    return { token, connection: await connected };
  }

  /** Says which channels are alive; resolves when the agent has heard it: a dial to a target it has not is answered in order. */
  async function say(...channels: Listed): Promise<void> {
    open.write({ message: listOf(channels) });
    const before = heard.length;
    open.write({ message: { $case: 'dial', value: { token: randomBytes(16), target: 'no-such-target' } } });
    while (heard.length === before) await once(open, 'data');
    expect(heard.slice(before)).to.deep.equal(['dialFailed']);
  }

  it('is dropped with its connection to the engine once two lists in a row lack it, and no other is', async () => {
    const [orphan, living] = [await channel(), await channel()];
    const closed = once(orphan.connection, 'close');
    await say(living);
    expect(orphan.connection.destroyed).to.equal(false);
    await say(living);
    await closed;
    expect(living.connection.destroyed).to.equal(false);
    expect([...target.connections]).to.deep.equal([living.connection]);
  });
});
