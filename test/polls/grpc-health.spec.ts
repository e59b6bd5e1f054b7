/** gRPC's own health protocol, byte by byte as its clients speak it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { ChannelCredentials, Client, type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { pino } from 'pino';
import { createPollsEdge, type PollsEdge } from '../../services/polls/polls-edge.ts';
import { type Harness, startHarness } from '../application/harness.ts';

describe('grpc.health.v1 on the polls’ port', () => {
  let harness: Harness;
  let edge: PollsEdge;
  let listener: Server;
  let client: Client;
  let isReady: boolean;

  beforeEach(async () => {
    isReady = true;
    harness = await startHarness();
    const unsigned = () => {
      throw new Error('nothing is signed here');
    };
    edge = createPollsEdge({ admission: harness.app.polls, snapshots: harness.app.snapshots, logger: pino({ enabled: false }), clock: harness.clock, signBinding: unsigned, signEndpoints: unsigned, isReady: () => isReady });
    listener = createServer({ allowHalfOpen: true }, (socket) => edge.accept(socket, { address: '198.51.100.4' })).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    client = new Client(`127.0.0.1:${(listener.address() as AddressInfo).port}`, ChannelCredentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  });
  afterEach(async () => {
    client.close();
    listener.close();
    await edge.close();
    await harness.close();
  });

  /** Answers the message's bytes, in hex, or the gRPC status. */
  function check(message: string, method = 'Check'): Promise<string | number> {
    const asIs = (bytes: Buffer): Buffer => bytes;
    return new Promise((resolve) => {
      client.makeUnaryRequest(`/grpc.health.v1.Health/${method}`, asIs, asIs, Buffer.from(message, 'hex'), (error: ServiceError | null, answer?: Buffer) => resolve(error?.code ?? answer?.toString('hex') ?? ''));
    });
  }
  const named = (service: string): string => `0a${service.length.toString(16).padStart(2, '0')}${Buffer.from(service).toString('hex')}`;
  const SERVING = '0801';
  const NOT_SERVING = '0802';

  it('says that the server and its service serve while they can do their work, and else that they do not', async () => {
    for (const asked of ['', named('homeport.poll.v1.PollService')]) expect(await check(asked), asked).to.equal(SERVING);
    isReady = false;
    for (const asked of ['', named('homeport.poll.v1.PollService')]) expect(await check(asked), asked).to.equal(NOT_SERVING);
  });

  it('knows no other service, and watches none', async () => {
    expect(await check(named('somebody.else'))).to.equal(status.NOT_FOUND);
    expect(await check('', 'Watch')).to.equal(status.UNIMPLEMENTED);
  });

  it('takes fields that it does not know, and refuses what is no message', async () => {
    expect(await check('1005')).to.equal(SERVING);
    expect(await check('0aff')).to.equal(status.INTERNAL);
    expect(await check('')).to.equal(SERVING);
  });
});
