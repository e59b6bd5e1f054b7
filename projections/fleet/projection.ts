/**
 * How many environments there are by status and by platform, agents by version, and tunnels by state: over time. Watches the rows of
 * other projections, so that it counts exactly what they show, and writes a row only for a bucket in which a count changed.
 */
import type { DatabaseSync } from 'node:sqlite';
import { agentRows, environmentRows } from '../environments/rows.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import { tunnelRows } from '../tunnels/rows.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { createFleetBuckets } from './buckets.ts';
import type { FleetDimension } from './rows.ts';
import { fleetSchema } from './rows.ts';

export const fleetProjection: Projection = { name: 'fleet', version: 1, schema: fleetSchema, open };

function open(database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const buckets = createFleetBuckets(database);
  /** What the event under way changed, by dimension and value: one event is one step, however many rows it touches. */
  let step: { readonly place: EventPlace; readonly changes: Map<string, { readonly dimension: FleetDimension; readonly value: string; by: number }> } | undefined;

  function settle(): void {
    if (step === undefined) return;
    for (const { dimension, value, by } of step.changes.values()) if (by !== 0) buckets.add(dimension, value, by, Math.floor(step.place.recordedAtMs / 1000));
    step = undefined;
  }

  function count(place: EventPlace, dimension: FleetDimension, before: string | null | undefined, after: string | null | undefined): void {
    if (before === after) return;
    if (step?.place.ordinal !== place.ordinal) settle();
    step ??= { place, changes: new Map() };
    for (const [value, by] of [[before, -1], [after, 1]] as const) {
      if (value === undefined || value === null) continue;
      const key = `${dimension} ${value}`;
      const change = step.changes.get(key) ?? { dimension, value, by: 0 };
      step.changes.set(key, change);
      change.by += by;
    }
  }

  tables.of(environmentRows).watch((before, after, place) => {
    count(place, 'status', before?.status, after?.status);
    count(place, 'platform', before?.platform, after?.platform);
  });
  tables.of(agentRows).watch((before, after, place) => count(place, 'version', before?.version, after?.version));
  tables.of(tunnelRows).watch((before, after, place) => count(place, 'tunnel', shownState(before), shownState(after)));

  return {
    on: {},
    write() {
      settle();
      buckets.write();
    },
    committed: () => buckets.committed(),
  };
}

/** A tunnel that is closed is none. */
function shownState(row: { readonly state: string } | undefined): string | undefined {
  return row === undefined || row.state === 'closed' ? undefined : row.state;
}
