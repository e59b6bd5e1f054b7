/** How much of each expiring category is there: the groups count as they go, so that nothing has to be walked over. */
import type { DatabaseSync } from 'node:sqlite';
import type { KeptSize } from '../log-maintenance.ts';
import { keptCategoryId } from './schema.ts';

/** What an event takes in the file beside its data and metadata: its id, its row, its place in the index, and the air in the pages. See docs/performance.md. */
const eventOverheadBytes = 120;

/** What events take in the file whose data and metadata have so many bytes together. */
export function storedBytes(events: number, contentBytes: number): number {
  return contentBytes + events * eventOverheadBytes;
}

/** Over the writer's connection. Of a group that is partly removed the whole counts as gone. */
export function createKeptSizes(database: DatabaseSync): () => ReadonlyMap<string, KeptSize> {
  const categories = database.prepare(`SELECT id, name, removed_before FROM categories WHERE id <> ${keptCategoryId}`);
  const groupBefore = database.prepare(
    'SELECT events_so_far, bytes_so_far FROM event_groups WHERE category = ? AND first_position < ? ORDER BY first_position DESC LIMIT 1',
  );
  const totalsBefore = (category: number, position: number): readonly [events: number, bytes: number] => {
    const group = groupBefore.get(category, position);
    return [Number(group?.['events_so_far'] ?? 0), Number(group?.['bytes_so_far'] ?? 0)];
  };
  return () => {
    const sizes = new Map<string, KeptSize>();
    for (const row of categories.all()) {
      const id = Number(row['id']);
      const [events, bytes] = totalsBefore(id, Number.MAX_SAFE_INTEGER);
      const [goneEvents, goneBytes] = totalsBefore(id, Number(row['removed_before']));
      sizes.set(String(row['name']), { events: events - goneEvents, bytes: storedBytes(events - goneEvents, bytes - goneBytes) });
    }
    return sizes;
  };
}
