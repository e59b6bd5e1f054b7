/**
 * Replay: environments and tunnels as of an instant, folded from events alone, in a file of its own. That is the fold of all events before
 * the first one recorded after the instant. What it needs of memory does not grow with the log.
 */
import { join } from 'node:path';
import { isEventType, schemaVersions } from '../services/domain/event-codec.ts';
import type { EventDataByType } from '../services/domain/events.ts';
import type { RecordedEvent } from '../services/event-store/port.ts';
import { projections } from './catalogue.ts';
import { findEnvironment } from './environments/queries.ts';
import { createFold } from './fold.ts';
import type { EnvironmentView } from './port.ts';
import { openReadModel } from './read-model-file.ts';
import { createRecordedClock } from './recorded-at.ts';

/** An event as REST shows it: its data in the newest shape. */
export interface ShownEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly type: string;
  readonly recordedAt: string;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** An environment as it was. Snapshots are not replayed. */
export interface ReplayedEnvironment {
  readonly environment: Omit<EnvironmentView, 'snapshot'>;
  /** What of it may be older than it was, by the fields' paths: polls of then that are gone. */
  readonly approximate: readonly string[];
}

export interface Replay {
  /** Takes events in log order; false once there was one recorded after the instant: it and what follows is left out. */
  take(events: readonly ShownEvent[]): boolean;
  /** How many were taken. */
  readonly count: number;
  /** The last one taken. */
  readonly last: { readonly position: string; readonly recordedAt: string } | undefined;
  /**
   * The environments, sorted by name, in pages. `pollsSince` says since when all polls are still in the record; undefined where none is gone.
   */
  environments(pollsSince: string | undefined): Generator<readonly ReplayedEnvironment[], void, undefined>;
  /** The file goes with its folder. */
  close(): void;
}

/** What is folded; snapshots for their tables alone, of which the view of an environment asks. */
const folded: readonly string[] = ['environments', 'tunnels', 'snapshots'];
const left = /^snapshots-|^\$/;
/** Events that a commit carries. */
const eventsPerCommit = 20_000;
const pageSize = 500;

/** Creates it, in a folder that is empty and goes afterwards. Throws what SQLite throws. */
export function createReplay(folder: string, asOf: string): Replay {
  const atMs = Date.parse(asOf);
  const mine = projections.filter(({ name }) => folded.includes(name));
  const { database } = openReadModel(join(folder, 'replay.db'), mine);
  // Nobody opens the file a second time.
  database.exec('PRAGMA synchronous = OFF');
  const fold = createFold(database, mine);
  const clock = createRecordedClock(0);
  /** By environment and its nodes: until when a summary counts their agents' polls. */
  const summarisedTo = new Map<string, Map<string, string>>();
  let last: Replay['last'];
  let count = 0;
  let isOver = false;

  function note({ type, data }: ShownEvent): void {
    if (type === 'PollsSummarised') {
      const { to, agents } = data as EventDataByType['PollsSummarised'];
      for (const { environmentId, node } of agents) {
        const nodes = summarisedTo.get(environmentId);
        if (nodes === undefined) summarisedTo.set(environmentId, new Map([[node, to]]));
        else nodes.set(node, to);
      }
    } else if (type === 'EnvironmentRemoved') {
      summarisedTo.delete((data as EventDataByType['EnvironmentRemoved']).environmentId);
    }
  }

  /** A later poll than the last one known may be gone, unless that is kept still, or a summary tells of all that are gone. */
  function approximate({ id, agents, heartbeat }: EnvironmentView, pollsSince: string | undefined): readonly string[] {
    if (pollsSince === undefined) return [];
    const isKept = (at: string | null): boolean => (at ?? '') >= pollsSince;
    const isSummarised = (node: string): boolean => agents.filter((other) => other.node === node).length === 1 && isKept(summarisedTo.get(id)?.get(node) ?? null);
    if (agents.every(({ node, lastPolledAt }) => isKept(lastPolledAt) || isSummarised(node))) return [];
    return isKept(heartbeat.lastPolledAt) ? ['agents.lastPolledAt'] : ['heartbeat.lastPolledAt', 'agents.lastPolledAt'];
  }

  return {
    take(events) {
      const taken: RecordedEvent[] = [];
      for (const shown of events) {
        const event = toRecorded(shown);
        isOver ||= clock(event) > atMs;
        if (isOver) break;
        last = { position: shown.position, recordedAt: shown.recordedAt };
        count += 1;
        note(shown);
        if (!left.test(event.stream)) taken.push(event);
      }
      fold.take(taken);
      if (fold.pending >= eventsPerCommit) fold.commit();
      return !isOver;
    },

    get count() {
      return count;
    },
    get last() {
      return last;
    },

    *environments(pollsSince) {
      fold.commit();
      const page = database.prepare('SELECT environmentId, nameFolded FROM environments WHERE (nameFolded, environmentId) > (?, ?) ORDER BY nameFolded, environmentId LIMIT ?');
      const find = findEnvironment.prepare(database);
      let after: readonly [string, string] = ['', ''];
      for (;;) {
        const rows = page.all(...after, pageSize);
        const end = rows.at(-1);
        if (end === undefined) return;
        after = [String(end['nameFolded']), String(end['environmentId'])];
        yield rows.flatMap(({ environmentId }) => {
          const view = find({ environmentId: String(environmentId) });
          if (view === null) return [];
          const { snapshot: _snapshot, ...environment } = view;
          return [{ environment, approximate: approximate(view, pollsSince) }];
        });
      }
    },

    close: () => database.close(),
  };
}

/** As it would be stored today: its data has been lifted to the newest version already. */
function toRecorded({ id, stream, revision, position, type, recordedAt, data, metadata }: ShownEvent): RecordedEvent {
  const lifted = isEventType(type) ? { ...(metadata as object), schemaVersion: schemaVersions[type] } : metadata;
  return { id, stream, revision, position, type, data: JSON.stringify(data), metadata: JSON.stringify(lifted), createdAtMs: Date.parse(recordedAt) };
}
