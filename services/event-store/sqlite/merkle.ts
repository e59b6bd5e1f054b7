/**
 * The hashes that make the log tamper-evident: a leaf for each event, a Merkle root for each group (RFC 6962), a chain over the groups.
 *
 *     leaf  = SHA-256(0x00 ‖ "position revision createdAtMs id |stream| |type| |data| |metadata|\n" ‖ stream ‖ type ‖ data ‖ metadata)
 *     node  = SHA-256(0x01 ‖ left ‖ right)
 *     chain = SHA-256(0x02 ‖ chain of the group before ‖ root ‖ first position ‖ last position ‖ category)
 *
 * Numbers in a leaf are decimal text, |x| is the length of x in bytes and text is UTF-8, so no two events share an encoding.
 * Positions in a chain are 64-bit big-endian; the category is UTF-8 and empty for groups of events that stay.
 */
import { hash } from 'node:crypto';

/** Everything of an event that its leaf covers. */
export interface LeafFields {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly data: string;
  readonly metadata: string;
}

/**
 * A hash: 32 bytes as Latin-1 text, a character a byte. Node makes such text at half the cost of a Buffer, and two hashes
 * an event are the greater part of what the tree costs.
 */
export type Digest = string;

const digestBytes = 32;

/** What the first group is chained to. */
export const emptyChain: Digest = '\0'.repeat(digestBytes);

/** The bytes of a digest, as they are stored. */
export function digestToBytes(digest: Digest): Uint8Array {
  return Buffer.from(digest, 'latin1');
}

/** The digest of stored bytes; of anything else one that matches nothing. */
export function digestFromBytes(bytes: unknown): Digest {
  return bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') : '';
}

/** The hash of one event. */
export function leafHash(event: LeafFields): Digest {
  const { stream, type, data, metadata } = event;
  const lengths = `${byteLength(stream)} ${byteLength(type)} ${byteLength(data)} ${byteLength(metadata)}`;
  const text = `\u0000${event.position} ${event.revision} ${event.createdAtMs} ${event.id} ${lengths}\n` + stream + type + data + metadata;
  return sha256(text);
}

/** The Merkle tree hash of RFC 6962, section 2.1, over hashed leaves; there must be at least one. */
export function merkleRoot(leaves: readonly Digest[]): Digest {
  let level = leaves;
  // Pairing each level from the left and promoting an odd last node gives RFC 6962's tree.
  while (level.length > 1) {
    const above: Digest[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index];
      const right = level[index + 1];
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
    }
    level = above;
  }
  const root = level[0];
  if (root === undefined) throw new RangeError('A group has at least one event.');
  return root;
}

/** What a group adds to the chain. */
export interface ChainLink {
  readonly root: Digest;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** The category of expiring events, or empty. */
  readonly category: string;
}

/** The chain's hash after a group, from the one before it. */
export function chainHash(previous: Digest, link: ChainLink): Digest {
  const bytes = Buffer.alloc(1 + 2 * digestBytes + 16 + Buffer.byteLength(link.category), 2);
  bytes.write(previous, 1, 'latin1');
  bytes.write(link.root, 1 + digestBytes, 'latin1');
  bytes.writeBigUInt64BE(BigInt(link.firstPosition), 1 + 2 * digestBytes);
  bytes.writeBigUInt64BE(BigInt(link.lastPosition), 1 + 2 * digestBytes + 8);
  bytes.write(link.category, 1 + 2 * digestBytes + 16);
  return sha256(bytes);
}

/** One buffer for all nodes. */
const node = Buffer.alloc(1 + 2 * digestBytes, 1);

function nodeHash(left: Digest, right: Digest): Digest {
  node.write(left, 1, 'latin1');
  node.write(right, 1 + digestBytes, 'latin1');
  return sha256(node);
}

function sha256(data: string | Buffer): Digest {
  return hash('sha256', data, 'binary');
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
