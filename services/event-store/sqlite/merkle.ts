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

/** Bytes of every hash here. */
export const hashBytes = 32;

/** What the first group is chained to. */
export const emptyChain: Uint8Array = new Uint8Array(hashBytes);

/** The hash of one event. */
export function leafHash(event: LeafFields): Uint8Array {
  const { stream, type, data, metadata } = event;
  const lengths = `${byteLength(stream)} ${byteLength(type)} ${byteLength(data)} ${byteLength(metadata)}`;
  const header = `\u0000${event.position} ${event.revision} ${event.createdAtMs} ${event.id} ${lengths}\n`;
  return hash('sha256', header + stream + type + data + metadata, 'buffer');
}

/** The Merkle tree hash of RFC 6962, section 2.1, over hashed leaves; there must be at least one. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  // Pairing each level from the left and promoting an odd last node gives RFC 6962's tree.
  while (level.length > 1) {
    const above: Uint8Array[] = [];
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
  readonly root: Uint8Array;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** The category of expiring events, or empty. */
  readonly category: string;
}

/** The chain's hash after a group, from the one before it. */
export function chainHash(previous: Uint8Array, link: ChainLink): Uint8Array {
  const positions = Buffer.alloc(16);
  positions.writeBigUInt64BE(BigInt(link.firstPosition), 0);
  positions.writeBigUInt64BE(BigInt(link.lastPosition), 8);
  const category = Buffer.from(link.category);
  return hash('sha256', Buffer.concat([chainPrefix, previous, link.root, positions, category]), 'buffer');
}

const chainPrefix = Uint8Array.of(2);

/** One buffer for all nodes: hashing is synchronous and copies what it reads. */
const node = new Uint8Array(1 + 2 * hashBytes);
node[0] = 1;

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + hashBytes);
  return hash('sha256', node, 'buffer');
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
