/** What live clients are told, and how it is written for each kind of client. */
import type { Change } from '../../projections/changes/change.ts';

export type LiveMessage =
  /** The first: from here on changes are told. `resumed` is true where those since the position that the client named follow. */
  | { readonly type: 'ready'; readonly position: string | null; readonly resumed: boolean }
  | { readonly type: 'change'; readonly position: string | null; readonly changes: readonly Change[] }
  /** Changes were left out: everything shown is to be asked for again. */
  | { readonly type: 'reset'; readonly position: string | null; readonly reason: ResetReason }
  /** The last. */
  | { readonly type: 'error'; readonly code: string; readonly message: string };

export type ResetReason =
  /** The position that the client named is none that this server remembers. */
  | 'position-not-remembered'
  /** The client was slow, or more changed at once than is worth telling; or the read models were built anew. */
  | 'too-many-changes';

/** How a client is written to. */
export type LiveFormat = 'event-stream' | 'web-socket';

/** Good for every client of the same format. */
export function encodeLive(message: LiveMessage, format: LiveFormat): Buffer {
  const json = JSON.stringify(message);
  if (format === 'web-socket') return Buffer.from(json);
  const id = 'position' in message && message.position !== null ? `id: ${message.position}\n` : '';
  // "error" is what EventSource itself calls a broken connection.
  const name = message.type === 'error' ? 'end' : message.type;
  return Buffer.from(`event: ${name}\n${id}data: ${json}\n\n`);
}
