import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { once } from 'node:events';
import { ChannelCredentials, type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { type AgentHello, type PollRequest, type PollResponse, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { openSealedCredentials } from '../../proto/sealed-credentials.ts';
import { environmentTunnel } from '../../services/domain/tunnel-key.ts';
import { admin, eventually, type Harness, joinSecretOf, startHarness } from '../application/harness.ts';
import { type ListeningEdge, startListeningEdge } from './support/listening-edge.ts';

const edgeId = '11111111-1111-4111-8111-111111111111';

describe('polls: the gRPC edge', () => {
  let harness: Harness;
  let environmentId: string;
  let edge: ListeningEdge;
  let client: PollServiceClient;

  beforeEach(async () => {
    harness = await startHarness();
    environmentId = await harness.createEnvironment('factory');
    edge = await startListeningEdge(harness);
    ({ client } = edge);
  });
  afterEach(async () => {
    await edge.close();
    await harness.close();
  });

  const hello = (over: Partial<AgentHello> = {}): AgentHello => ({
    environmentId,
    joinSecret: joinSecretOf(environmentId, 1),
    edgeId,
    instanceId: 'instance1',
    protocolVersion: 1,
    version: '0.1.0',
    node: 'press',
    platform: 'linux/amd64',
    engine: undefined,
    swarm: undefined,
    endpoints: undefined,
    ...over,
  });
  const request = (sequence: number, over: Partial<PollRequest> = {}): PollRequest => ({
    hello: undefined,
    sequence,
    confirmedSequence: 0,
    heldCredentialsIds: [],
    tunnelFailure: undefined,
    ...over,
  });

  interface Talk {
    readonly call: ClientDuplexStream<PollRequest, PollResponse>;
    readonly answers: PollResponse[];
    /** How the call ended. */
    readonly ended: Promise<Pick<ServiceError, 'code' | 'details' | 'metadata'>>;
  }

  function talk(...requests: PollRequest[]): Talk {
    const call = client.poll();
    const answers: PollResponse[] = [];
    call.on('data', (answer: PollResponse) => answers.push(answer));
    const ended = new Promise<ServiceError>((resolve) => {
      call.on('error', resolve);
      call.on('status', resolve);
    });
    for (const one of requests) call.write(one);
    return { call, answers, ended };
  }

  const reasonOf = async ({ ended }: Talk): Promise<[string, unknown]> => {
    const { code, metadata } = await ended;
    return [status[code], metadata.get('homeport-reason')[0]];
  };

  it('ends a refused call with a status and the precise reason', async () => {
    expect(await reasonOf(talk(request(1)))).to.deep.equal(['INVALID_ARGUMENT', 'malformed-token']);
    expect(await reasonOf(talk(request(1, { hello: hello({ joinSecret: randomBytes(31) }) })))).to.deep.equal(['INVALID_ARGUMENT', 'malformed-token']);
    expect(await reasonOf(talk(request(1, { hello: hello({ edgeId: 'x' }) })))).to.deep.equal(['INVALID_ARGUMENT', 'malformed-edge-id']);
    expect(await reasonOf(talk(request(1, { hello: hello({ protocolVersion: 0 }) })))).to.deep.equal(['FAILED_PRECONDITION', 'version-too-old']);
    expect(await reasonOf(talk(request(1, { hello: hello({ environmentId: 'nosuch' }) })))).to.deep.equal(['NOT_FOUND', 'unknown-environment']);
    expect(await reasonOf(talk(request(1, { hello: hello({ joinSecret: randomBytes(32) }) })))).to.deep.equal(['UNAUTHENTICATED', 'wrong-join-secret']);
  });

  it('answers each request of an open call, and an early answer carries credentials only this agent can open', async () => {
    const { call, answers } = talk(request(1, { hello: hello() }), request(2));
    await eventually(() => answers.length === 2);
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    await eventually(() => answers.length === 3);
    const [sealed] = answers[2]?.required ?? [];
    if (sealed === undefined) throw new Error('no credentials');
    const keyParts = { joinSecret: joinSecretOf(environmentId, 1), edgeId };
    expect(openSealedCredentials(sealed.sealed, keyParts)).to.include({ tunnelAddress: 'cp.example:8000', validForMs: 10_000 });
    expect(() => openSealedCredentials(sealed.sealed, { ...keyParts, edgeId: '22222222-2222-4222-8222-222222222222' })).to.throw();
    call.cancel();
  });

  it('serves a classic poll: one request, one answer with all of it, and the call ends well', async () => {
    await harness.app.tunnels.require(environmentTunnel(environmentId), admin);
    const classic = talk(request(1, { hello: hello() }));
    classic.call.end();
    const [code] = await reasonOf(classic);
    expect(code).to.equal('OK');
    expect(classic.answers).to.have.length(1);
    expect(classic.answers[0]?.required).to.have.length(1);
  });

  it('tells an agent why its call ends when its environment is removed', async () => {
    const one = talk(request(1, { hello: hello() }));
    await eventually(() => one.answers.length === 1);
    await harness.app.environments.remove(environmentId, admin);
    expect(await reasonOf(one)).to.deep.equal(['NOT_FOUND', 'environment-removed']);
  });

  it('tells every agent that the control plane is stopping, lets their connections go, and records no refusal', async () => {
    const connections = () => new Promise<number>((resolve) => edge.listener.getConnections((_error, count) => resolve(count)));
    const [polling, silent] = [talk(request(1, { hello: hello() })), talk()];
    await eventually(async () => polling.answers.length === 1 && (await connections()) === 1);
    await edge.stop();
    expect(await Promise.all([polling, silent].map(reasonOf))).to.deep.equal(Array(2).fill(['UNAVAILABLE', 'control-plane-stopping']));
    expect(await connections()).to.equal(0);
    expect(await harness.types()).not.to.include('PollRejected');
  });

  it('records the address that the listener knows', async () => {
    const one = talk(request(1, { hello: hello() }));
    await eventually(() => one.answers.length === 1);
    const seen = (await harness.events()).find(({ type }) => type === 'AgentSeen');
    expect(JSON.parse(seen?.data ?? '{}')).to.include({ address: '198.51.100.4' });
    one.call.cancel();
  });

  it('survives a request that is no message at all', async () => {
    const call = client.makeBidiStreamRequest(
      '/homeport.poll.v1.PollService/Poll',
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
    );
    const ended = once(call, 'error') as Promise<[ServiceError]>;
    call.write(Buffer.from('ff'.repeat(64), 'hex'));
    await ended;
    const one = talk(request(1, { hello: hello() }));
    await eventually(() => one.answers.length === 1);
    one.call.cancel();
  });

  it('ends a connection on which no agent was let in, whatever it keeps open, and leaves agents alone', async () => {
    const good = talk(request(1, { hello: hello() }));
    await eventually(() => good.answers.length === 1);
    const silent = connect(edge.port, '127.0.0.1');
    await once(silent, 'connect');
    silent.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    silent.on('error', () => undefined);
    // The edge has it once it answers with its settings.
    await once(silent, 'data');
    const closed = once(silent, 'close');
    await harness.clock.advance(30_001);
    await closed;
    good.call.write(request(2));
    await eventually(() => good.answers.length >= 2);
    good.call.cancel();
  });

  it('binds only a nonce of the right length', async () => {
    const bind = (nonce: Uint8Array) =>
      new Promise<ServiceError | null>((resolve) => {
        client.getBinding({ nonce, fingerprints: [] }, (error) => {
          resolve(error);
        });
      });
    expect(await bind(randomBytes(32))).to.equal(null);
    expect(await bind(randomBytes(31))).to.include({ code: status.INVALID_ARGUMENT });
  });

  it('lets a connection go at once whose agent has ended its side, as the kernel does for a killed process', async () => {
    let kill = (): void => undefined;
    const proxy = createServer((near) => {
      const far = connect({ port: edge.port, host: '127.0.0.1', allowHalfOpen: true });
      near.pipe(far, { end: false });
      far.pipe(near);
      kill = () => {
        near.unpipe(far);
        far.end();
      };
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const accepted = once(edge.listener, 'connection');
    const killed = new PollServiceClient(`127.0.0.1:${String((proxy.address() as AddressInfo).port)}`, ChannelCredentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const call = killed.poll();
    call.on('error', () => undefined);
    call.write(request(1, { hello: hello() }));
    await once(call, 'data');
    const [socket] = (await accepted) as [import('node:net').Socket];
    const closed = once(socket, 'close');
    kill();
    await closed;
    killed.close();
    proxy.close();
  });
});
