/** What a TLS listener answers that takes HTTP/1.1 and gRPC on one port. */

/** What a gRPC client may offer; grpc-exp is an older name of h2 that some still put beside it. */
const GRPC_PROTOCOLS: ReadonlySet<string> = new Set(['h2', 'grpc-exp']);

/** h2 for who offers nothing else, http/1.1 for all others; undefined refuses who offers neither. @param offered by ALPN, at least one */
export function chooseProtocol(offered: readonly string[]): 'h2' | 'http/1.1' | undefined {
  if (offered.includes('http/1.1')) return 'http/1.1';
  return offered.includes('h2') && offered.every((protocol) => GRPC_PROTOCOLS.has(protocol)) ? 'h2' : undefined;
}
