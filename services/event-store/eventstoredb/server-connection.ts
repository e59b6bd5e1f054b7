/** The client's connection, opened up for calls that carry events as they are: its verbs parse and write JSON anew, which changes its text. */
import { EventStoreDBClient, type EndPoint } from '@eventstore/db-client';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { BatchAppendReq, BatchAppendResp, DeleteReq, ReadReq, ReadResp, TombstoneReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import { readConnectionString } from './connection-settings.ts';

const { StreamsClient } = streamsService;

/** A call under way. Nothing of it ends without `cancel`, its end, or an error. */
export type ReadCall = ClientReadableStream<ReadResp>;
export type BatchAppendCall = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;

/**
 * One connection. Finding the leader, following a not-leader answer, connecting again and credentials are the client's; it does so for each call
 * that is begun through it, so a call that failed is simply begun anew.
 */
export class ServerConnection extends EventStoreDBClient {
  /** Opens nothing yet. Throws as {@link readConnectionString} does. */
  static to(connectionString: string): ServerConnection {
    const { nodes, channel, credentials } = readConnectionString(connectionString);
    // The three forms have a signature each.
    return new ServerConnection(nodes as { readonly endpoint: EndPoint }, channel, credentials);
  }

  /** Begins to read, or to follow. */
  beginRead(request: ReadReq): Promise<ReadCall> {
    const begin = this.GRPCStreamCreator(StreamsClient, 'read', (client) => client.read(request, ...this.callArguments({}, { deadline: Infinity })));
    return begin();
  }

  /** Begins the one call that all appends go through, on the leader. */
  beginBatchAppend(): Promise<BatchAppendCall> {
    const begin = this.GRPCStreamCreator(StreamsClient, 'append', (client) => client.batchAppend(...this.callArguments({ requiresLeader: true }, { deadline: Infinity })));
    return begin();
  }

  /** Deletes a stream, softly. `deadlineMs` from now. */
  delete(request: DeleteReq, deadlineMs: number): Promise<void> {
    const options = { requiresLeader: true, deadline: deadlineMs };
    return this.execute(StreamsClient, 'delete', (client) => settled((done) => client.delete(request, ...this.callArguments(options), done)));
  }

  /** Deletes a stream for ever. `deadlineMs` from now. */
  tombstone(request: TombstoneReq, deadlineMs: number): Promise<void> {
    const options = { requiresLeader: true, deadline: deadlineMs };
    return this.execute(StreamsClient, 'tombstone', (client) => settled((done) => client.tombstone(request, ...this.callArguments(options), done)));
  }
}

function settled(begin: (done: (error: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
