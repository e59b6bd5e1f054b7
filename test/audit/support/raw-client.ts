/** The protocol without the client's own verbs, for what they never send. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import streamsService, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type ClientReadableStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { FrontUnderTest } from './front-under-test.ts';

const { Options } = streams.ReadReq;

/** A connection of its own. */
export function rawClient({ port, ca }: FrontUnderTest): StreamsClient {
  return new streamsService.StreamsClient(`localhost:${port}`, credentials.createSsl(Buffer.from(ca)), { 'grpc.use_local_subchannel_pool': 1 });
}

/** Headers with a name and a password. */
export function basic(username = 'auditor', password = 'secret'): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  return metadata;
}

/** A request for all streams from the start; `change` makes it another. */
export function readAllRequest(change: (options: streams.ReadReq.Options) => unknown = () => undefined): streams.ReadReq {
  const options = new Options().setAll(new Options.AllOptions().setStart(new shared.Empty())).setNoFilter(new shared.Empty());
  options.setUuidOption(new Options.UUIDOption().setString(new shared.Empty())).setCount('1000');
  change(options);
  return new streams.ReadReq().setOptions(options);
}

/** Everything that a Read answers; rejects with its status. */
export async function readWhole(client: StreamsClient, request: streams.ReadReq, metadata = basic()): Promise<streams.ReadResp[]> {
  const answers: streams.ReadResp[] = [];
  for await (const answer of client.read(request, metadata) as AsyncIterable<streams.ReadResp>) answers.push(answer);
  return answers;
}

/** The status that a call ends with. */
export async function statusOf(attempt: Promise<unknown>): Promise<ServiceError> {
  return attempt.then(
    () => {
      throw new Error('The call was to fail.');
    },
    (error: unknown) => error as ServiceError,
  );
}

/** Begins a read, takes its first message, and then nothing more. (A call of which nothing was ever taken is taken in whole by gRPC's own client.) */
export async function stalledRead(client: StreamsClient, request: streams.ReadReq): Promise<ClientReadableStream<streams.ReadResp>> {
  const call = client.read(request, basic());
  call.on('error', () => undefined);
  await new Promise((resolve) => {
    call.once('data', resolve);
  });
  return call.pause();
}
