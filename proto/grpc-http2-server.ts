/** The HTTP/2 server beneath a gRPC server, where connections can be told apart. */
import type { Http2Server } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** The one that the server's first injector made. It is private to @grpc/grpc-js: throws where it is not as expected. */
export function http2ServerOf(server: Server): Http2Server {
  const { http2Servers } = server as unknown as { http2Servers?: unknown };
  const first: unknown = http2Servers instanceof Map ? http2Servers.keys().next().value : undefined;
  if (typeof first !== 'object' || first === null || !('removeAllListeners' in first)) {
    throw new Error('The HTTP/2 server of @grpc/grpc-js is not where it was: connections can not be told apart.');
  }
  return first as Http2Server;
}
