/** The polls' edge behind a plain TCP port, and a client of it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';
import pino from 'pino';
import { PollServiceClient } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import { POLL_KEEP_ALIVE } from '../../../proto/poll-flow.ts';
import { createPollsEdge } from '../../../services/polls/polls-edge.ts';
import type { Harness } from '../../application/harness.ts';

export interface ListeningEdge {
  readonly listener: Server;
  readonly port: number;
  readonly client: PollServiceClient;
  /** Stops the edge alone, as a control plane that stops does. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Every connection counts as 198.51.100.4's. */
export async function startListeningEdge({ app, clock }: Harness, keepAlive = POLL_KEEP_ALIVE): Promise<ListeningEdge> {
  const edge = createPollsEdge({
    admission: app.polls,
    snapshots: app.snapshots,
    logger: pino({ enabled: false }),
    clock,
    keepAlive,
    signBinding: (nonce) => ({ binding: nonce, signature: new Uint8Array(), tunnelPublicKey: new Uint8Array(), successions: [] }),
    signEndpoints: ({ environmentId }) => ({ endpoints: Buffer.from(environmentId), signature: new Uint8Array(), tunnelPublicKey: new Uint8Array(), successions: [] }),
  });
  const listener = createServer({ allowHalfOpen: true }, (socket) => edge.accept(socket, { address: '198.51.100.4' })).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = new PollServiceClient(`127.0.0.1:${String(port)}`, ChannelCredentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return {
    listener,
    port,
    client,
    stop: () => edge.close(),
    async close() {
      client.close();
      await edge.close();
      listener.close();
      await once(listener, 'close');
    },
  };
}
