/**
 * A fleet of bare agents in one process, for bench/polls.ts: each has a TLS connection of its own and polls on one open call.
 * Told what to do by its parent over IPC; answers with counts.
 */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { ChannelCredentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { type PollRequest, type PollResponse, PollServiceClient } from '../proto/generated/homeport/poll/v1/poll.ts';
import { parseJoinToken } from '../proto/join-token.ts';

export interface FleetOrder {
  readonly caFile: string;
  readonly address: string;
  readonly agents: readonly { readonly joinToken: string; readonly edgeId: string }[];
  readonly intervalMs: number;
  /** Over which the first polls are spread, in milliseconds. */
  readonly joinMs: number;
}

export interface FleetCount {
  readonly connected: number;
  readonly polls: number;
  readonly answers: number;
  readonly failures: number;
  /** The sum of what the control plane confirmed as recorded, over all agents. */
  readonly confirmed: number;
}

interface BareAgent {
  call: ClientDuplexStream<PollRequest, PollResponse>;
  sequence: number;
  confirmed: number;
}

function run({ caFile, address, agents, intervalMs, joinMs }: FleetOrder): void {
  const credentials = ChannelCredentials.createSsl(readFileSync(caFile));
  const running: BareAgent[] = [];
  let polls = 0;
  let answers = 0;
  let failures = 0;

  function join({ joinToken, edgeId }: FleetOrder['agents'][number]): void {
    const { environmentId, joinSecret } = parseJoinToken(joinToken);
    const client = new PollServiceClient(address, credentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.default_authority': 'localhost',
    });
    const call = client.poll();
    const agent: BareAgent = { call, sequence: 0, confirmed: 0 };
    call.on('data', (answer: PollResponse) => {
      answers++;
      agent.confirmed = answer.confirmedSequence;
    });
    call.on('error', () => {
      failures++;
    });
    const hello = {
      environmentId,
      joinSecret,
      edgeId,
      instanceId: randomUUID(),
      protocolVersion: 1,
      version: '0.1.0',
      node: environmentId,
      platform: 'linux/amd64',
      engine: { name: 'docker', version: '28.2.2', apiVersion: '1.50' },
      swarm: undefined,
      endpoints: undefined,
    };
    const poll = () => {
      agent.sequence++;
      polls++;
      call.write({
        hello: agent.sequence === 1 ? hello : undefined,
        sequence: agent.sequence,
        confirmedSequence: agent.confirmed,
        heldCredentialsIds: [],
        tunnelFailure: undefined,
      });
    };
    poll();
    setInterval(poll, intervalMs);
    running.push(agent);
  }

  agents.forEach((agent, index) => setTimeout(() => { join(agent); }, (index / agents.length) * joinMs));
  process.on('message', () => {
    const confirmed = running.reduce((sum, agent) => sum + agent.confirmed, 0);
    process.send?.({ connected: running.length, polls, answers, failures, confirmed } satisfies FleetCount);
  });
}

process.once('message', (order: FleetOrder) => {
  run(order);
});
process.on('disconnect', () => process.exit());
