/** Pages of lists that are whole in memory; the cursor is the id of the last item shown. */
import { GatewayError } from '../problems/gateway-error.ts';

export interface MemoryPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** Throws {@link GatewayError} invalid-cursor where the item it names is gone. */
export function pageById<Item extends { readonly id: string }>(all: readonly Item[], { limit, cursor }: { readonly limit: number; readonly cursor?: string }): MemoryPage<Item> {
  const at = cursor === undefined ? -1 : all.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && at === -1) throw new GatewayError('invalid-cursor', 'The list has changed, or the cursor is from elsewhere: begin anew.');
  const items = all.slice(at + 1, at + 1 + limit);
  const isLast = at + 1 + items.length >= all.length;
  return { items, nextCursor: isLast ? null : (items.at(-1)?.id ?? null), total: all.length };
}
