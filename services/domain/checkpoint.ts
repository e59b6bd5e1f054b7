/** What a signed checkpoint says, and the bytes that are signed. */
import type { Instant } from './events.ts';

/** Where the log stood at an instant: whoever keeps this can tell later whether what came before was altered. */
export interface CheckpointStatement {
  /** The control-plane node that signed. */
  readonly controlPlaneNode: string;
  /** The newest event's position, which ends a group of the chain. */
  readonly position: string;
  /** Events recorded so far, those that have expired since included. */
  readonly events: number;
  /** The chain's hash after that event, SHA-256 in lower-case hexadecimal. */
  readonly chain: string;
  readonly at: Instant;
}

/** A statement with who says so. */
export interface SignedCheckpoint extends CheckpointStatement {
  /** Ed25519, 32 bytes in base64. */
  readonly publicKey: string;
  /** Ed25519 over {@link checkpointBytes}, 64 bytes in base64. */
  readonly signature: string;
}

const domainSeparation = 'homeport checkpoint v1\0';

/**
 * `homeport checkpoint v1` ‖ 0x00 ‖ a line `name value` for each of node, position, events, chain and time, each ended by a
 * line feed, in this order, as UTF-8. None of the values may hold a line feed; throws RangeError where one does.
 */
export function checkpointBytes({ controlPlaneNode, position, events, chain, at }: CheckpointStatement): Uint8Array {
  const values = { node: controlPlaneNode, position, events: String(events), chain, time: at };
  const lines = Object.entries(values).map(([name, value]) => {
    if (value.includes('\n')) throw new RangeError(`The checkpoint's ${name} has a line feed.`);
    return `${name} ${value}\n`;
  });
  return new TextEncoder().encode(domainSeparation + lines.join(''));
}
