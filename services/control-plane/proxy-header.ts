/** The header of PROXY protocol version 2, by which a reverse proxy that passes bytes on names the client (HAProxy's proxy-protocol.txt, 2.2). */

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** Addresses and more fields together; real headers have a few hundred bytes at most. */
const MAX_FIELD_BYTES = 2048;
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

export type ProxyHeader =
  /** The bytes begin with something else. */
  | { readonly kind: 'absent' }
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  /** They begin as a header, which is broken. */
  | { readonly kind: 'malformed' }
  /** A whole header of so many bytes. The client's address is undefined where the proxy speaks for itself, as in its health checks. */
  | { readonly kind: 'whole'; readonly bytes: number; readonly address: string | undefined };

/** Reads the header at the start of a connection. */
export function parseProxyHeader(head: Buffer): ProxyHeader {
  const seen = head.subarray(0, SIGNATURE.length);
  if (!seen.equals(SIGNATURE.subarray(0, seen.length))) return { kind: 'absent' };
  if (head.length < FIXED_BYTES) return { kind: 'incomplete' };
  const command = head.readUInt8(12);
  const family = head.readUInt8(13);
  const fieldBytes = head.readUInt16BE(14);
  if ((command !== LOCAL && command !== PROXY) || fieldBytes > MAX_FIELD_BYTES) return { kind: 'malformed' };
  const bytes = FIXED_BYTES + fieldBytes;
  if (head.length < bytes) return { kind: 'incomplete' };
  if (command === LOCAL) return { kind: 'whole', bytes, address: undefined };
  const fields = head.subarray(FIXED_BYTES, bytes);
  if (family === TCP_OVER_IPV4 && fieldBytes >= 12) return { kind: 'whole', bytes, address: [...fields.subarray(0, 4)].join('.') };
  if (family === TCP_OVER_IPV6 && fieldBytes >= 36) return { kind: 'whole', bytes, address: ipv6(fields) };
  return { kind: 'malformed' };
}

function ipv6(fields: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => fields.readUInt16BE(2 * index).toString(16));
  // In its usual, shortest spelling.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
