/**
 * A cluster as its clients meet it: nodes over one log, of which one is the leader. All read; one that does not lead refuses writes and
 * names the leader; gossip tells who leads, and may lag behind the truth, as it does after an election. What each node serves is the
 * audit front's own code, so only the cluster is made up.
 */
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import streamsService, { type IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../services/application/clock.ts';
import { createPlaces } from '../../../services/application/places.ts';
import { createAppendBytes } from '../../../services/audit/append-bytes.ts';
import { type BatchAppendCall, serveBatchAppend } from '../../../services/audit/batch-append-call.ts';
import { CallError } from '../../../services/audit/call-error.ts';
import type { Caller } from '../../../services/audit/caller.ts';
import { type ReadCall, serveRead } from '../../../services/audit/read-call.ts';
import { createTurns } from '../../../services/audit/turns.ts';
import { openEventStore, type OpenedEventStore } from '../../../services/event-store/open.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const { MemberInfo, ClusterInfo, EndPoint } = gossip;
const { FOLLOWER, LEADER } = MemberInfo.VNodeState;

export interface Cluster {
  /** The log that all nodes share. */
  readonly store: OpenedEventStore;
  /** One for each node, on 127.0.0.1. */
  readonly ports: readonly number[];
  /** Appends that each node recorded. */
  readonly appends: readonly number[];
  /** Reads and subscriptions that came to their end, however they did. */
  endedReads(): number;
  readsBegun(): number;
  /** From now on this node leads; gossip goes on telling what it told. */
  elect(node: number): void;
  /** Gossip tells who leads. */
  tell(): void;
  /** The node is gone, with every connection to it. */
  kill(node: number): void;
  close(): Promise<void>;
}

const anyone: Caller = { name: 'anyone', mayWrite: true, onEnded: () => () => undefined };

/** Starts the nodes; the first leads. A reader that takes nothing for `stallMs` is dropped. */
export async function startCluster({ nodes, stallMs = 60_000 }: { readonly nodes: number; readonly stallMs?: number }): Promise<Cluster> {
  const folder = createTemporaryFolder();
  const store = await openEventStore({ dataDirectory: folder.path });
  const servers: Server[] = [];
  const ports: number[] = [];
  const appends: number[] = [];
  const dead = new Set<number>();
  let leader = 0;
  let told = 0;
  let begunReads = 0;
  let endedReads = 0;
  const held = createAppendBytes(64 * 1024 * 1024);
  const turns = createTurns();
  const places = createPlaces({ inAll: 1_000, ofOne: 1_000 });
  const onFailure = (error: unknown): never => {
    throw error;
  };

  function members(): gossip.ClusterInfo {
    const list = ports.map((port, node) =>
      new MemberInfo()
        .setInstanceId(new shared.UUID().setString(randomUUID()))
        .setState(node === told ? LEADER : FOLLOWER)
        .setIsAlive(!dead.has(node))
        .setHttpEndPoint(new EndPoint().setAddress('127.0.0.1').setPort(port)),
    );
    return new ClusterInfo().setMembersList(list);
  }

  function serveAppends(node: number, call: BatchAppendCall): void {
    const append: typeof store.append = async (...args) => {
      if (node === leader) {
        appends[node] = (appends[node] ?? 0) + 1;
        return store.append(...args);
      }
      const named = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(ports[leader]) };
      call.emit('error', new CallError(status.NOT_FOUND, 'Leader info available', { exception: 'not-leader', ...named }));
      return new Promise(() => undefined);
    };
    serveBatchAppend(call, anyone, { store: { ...store, append }, held, clock: systemClock, onFailure });
  }

  async function startNode(node: number): Promise<void> {
    const server = new Server();
    const unused = (): never => {
      throw new Error('the adapter does not call this');
    };
    server.addService(streamsService.StreamsService, {
      read: (call: ReadCall) => {
        begunReads += 1;
        void serveRead(call, anyone, { store, places, turns, clock: systemClock, stallMs, onFailure }).then(() => {
          endedReads += 1;
        });
      },
      batchAppend: (call: BatchAppendCall) => serveAppends(node, call),
      append: unused,
      delete: unused,
      tombstone: unused,
    } satisfies IStreamsServer);
    server.addService(gossipService.GossipService, {
      read: (_call: ServerUnaryCall<Empty, gossip.ClusterInfo>, respond: sendUnaryData<gossip.ClusterInfo>) => respond(null, members()),
    });
    servers.push(server);
    ports.push(
      await new Promise<number>((resolve, reject) => {
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
      }),
    );
    appends.push(0);
  }

  for (let node = 0; node < nodes; node += 1) await startNode(node);

  return {
    store,
    ports,
    appends,
    endedReads: () => endedReads,
    readsBegun: () => begunReads,
    elect(node) {
      leader = node;
    },
    tell() {
      told = leader;
    },
    kill(node) {
      dead.add(node);
      servers[node]?.forceShutdown();
    },
    async close() {
      for (const server of servers) server.forceShutdown();
      await store.close();
      folder.remove();
    },
  };
}
