/** Lifts what earlier versions stored to the next version. What was not recorded then is null, and said to be so in events.ts. */
import type { EventDataByType, EventType } from './events.ts';
import type { SnapshotContainer, SnapshotContent } from './snapshot.ts';

/** Makes the next version's data of a version's. */
export type Upcaster = (data: never) => unknown;

type Stored<Type extends EventType, Lacking extends string> = Omit<EventDataByType[Type], Lacking>;

/** By type: the first makes version 2 of version 1, and so on. A type that is not here has had one version. */
export const upcasters: Readonly<Partial<Record<EventType, readonly Upcaster[]>>> = {
  // Version 2 says which limit took them.
  PollsExpired: [(data: Stored<'PollsExpired', 'limit'>) => ({ limit: null, ...data })],
  SnapshotsExpired: [(data: Stored<'SnapshotsExpired', 'limit'>) => ({ limit: null, ...data })],
  // Version 2 says since when it had been down.
  HeartbeatRestored: [(data: Stored<'HeartbeatRestored', 'lostAt'>) => ({ lostAt: null, ...data })],
  // Version 2 tells variables that are not known from none.
  SnapshotRecorded: [(data: EventDataByType['SnapshotRecorded']) => ({ ...data, content: withUnknownEnv(data.content) })],
};

/** Version 1 said only of how many containers the variables were known: those that then have none are taken for the others. */
function withUnknownEnv(content: SnapshotContent): SnapshotContent {
  if (content.truncated['containerEnv'] === undefined) return content;
  const hasEnv = ({ env }: SnapshotContainer): boolean => env !== null && Object.keys(env).length > 0;
  return { ...content, containers: content.containers.map((one) => (hasEnv(one) ? one : { ...one, env: null })) };
}
