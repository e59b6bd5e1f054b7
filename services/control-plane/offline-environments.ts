/** Environments by name and by id, told by the events alone: where no server runs, no read model is asked. */
import { decodeEvent } from '../domain/event-codec.ts';
import { foldName } from '../domain/environment-name.ts';
import type { DomainEvent } from '../domain/events.ts';
import { EventStoreError, type EventReader, type RecordedEvent } from '../event-store/port.ts';

export interface OfflineEnvironments {
  /** What it is called; undefined where there is none, or none any more. Throws EventStoreError. */
  nameOf(environmentId: string): Promise<string | undefined>;
  /** The id of an environment that exists, or existed, by name or id; of several that had the name, the newest. Throws EventStoreError. */
  find(nameOrId: string): Promise<string | undefined>;
}

const telling: ReadonlySet<string> = new Set(['EnvironmentCreated', 'EnvironmentRenamed', 'EnvironmentRemoved']);

/** Creates them over a record. */
export function createOfflineEnvironments(reader: EventReader): OfflineEnvironments {
  return {
    async nameOf(environmentId) {
      let name: string | undefined;
      for await (const event of told(reader.readStream(`environment-${environmentId}`))) {
        if (event.type === 'EnvironmentRemoved') name = undefined;
        else if (event.type === 'EnvironmentCreated' || event.type === 'EnvironmentRenamed') name = event.data.name;
      }
      return name;
    },

    async find(nameOrId) {
      const folded = foldName(nameOrId);
      const names = new Map<string, string>();
      let named: string | undefined;
      let isId = false;
      for await (const event of told(reader.readAll({ filter: { streamPrefixes: ['environment-'] } }))) {
        if (event.type === 'EnvironmentRemoved') names.delete(event.data.environmentId);
        else if (event.type === 'EnvironmentCreated' || event.type === 'EnvironmentRenamed') {
          const { environmentId, name } = event.data;
          names.set(environmentId, foldName(name));
          isId ||= environmentId === nameOrId;
          if (event.type === 'EnvironmentCreated' && foldName(name) === folded) named = environmentId;
        }
      }
      if (isId) return nameOrId;
      return [...names].find(([, name]) => name === folded)?.[0] ?? named;
    },
  };
}

/** The events that tell of names; a stream that is not there tells nothing. */
async function* told(pages: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<DomainEvent, void, undefined> {
  try {
    for await (const page of pages) {
      for (const recorded of page) {
        const event = telling.has(recorded.type) ? decodeEvent(recorded) : undefined;
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
  }
}
