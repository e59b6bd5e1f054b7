/** How a call that is served on its HTTP/2 stream itself is answered as gRPC's clients expect. */
import type { ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';

export const GRPC_HEADERS = { ':status': 200, 'content-type': 'application/grpc+proto' } as const;

/** Sends the response headers; the status, OK, goes with the end of the stream. */
export function acceptCall(stream: ServerHttp2Stream): void {
  stream.respond(GRPC_HEADERS, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status.OK }));
}
