/** Which events a reader asks for: what the store itself can leave out, and what is left out here. */
import { decodeEvent, isEventType, schemaVersions } from '../domain/event-codec.ts';
import type { EventFilter, RecordedEvent } from '../event-store/port.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { EventSelection, HistoryEvent } from './ports/history.ts';

/** All categories of the record but polls, which are most of it. */
const allButPolls = ['environment', 'tunnel', 'snapshots', 'activity', 'retention', 'refusals', 'user', 'signins', 'settings', 'checkpoints', 'imports'];

/** What changes nothing: polls, what the control plane says of its own record, and what was refused or found to be as before. */
const noChanges: ReadonlySet<string> = new Set([
  'AgentPolled',
  'PollsLost',
  'PollsSummarised',
  'PollsExpired',
  'SnapshotsExpired',
  'ActivityExpired',
  'RefusalsExpired',
  'ActivityLost',
  'ActivityInterrupted',
  'CheckpointSigned',
  'EventsImported',
  'SnapshotUnchanged',
  'PollRejected',
  'TunnelCredentialsRefused',
  'RefusalsSuppressed',
  'SignInRefusalsSuppressed',
  'ApiKeyUsed',
]);
const readingMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** recordedAt is stamped a little before the store's own clock sees the event. */
const slackMs = 60_000;

/** A type that does not exist matches nothing, which looks as if nothing had happened. Throws unknown-event-type. */
export function checkTypes(types: readonly string[] = []): void {
  for (const type of types) {
    if (isEventType(type)) continue;
    const near = Object.keys(schemaVersions).find((known) => known.toLowerCase() === type.toLowerCase());
    const hint = near === undefined ? 'docs/events.md lists them' : `did you mean ${near}?`;
    throw new ApplicationError('unknown-event-type', `there is no event type ${type}; ${hint}`);
  }
}

/** What the store itself can leave out. Prefixes may let more through than is asked for. */
export function filterOf({ stream, categories, types, withoutPolls, changesOnly }: EventSelection): EventFilter | undefined {
  if (stream !== undefined) return { streamPrefixes: [stream] };
  if (categories !== undefined) return { streamPrefixes: categories };
  if (withoutPolls === true || changesOnly === true) return { streamPrefixes: allButPolls };
  return types === undefined ? undefined : { typePrefixes: types };
}

/** By the store's clock: before the first instant nothing can match, from the second on nothing more. In milliseconds since 1970. */
export function storedBetween({ from, to }: EventSelection): { readonly fromMs: number | undefined; readonly toMs: number | undefined } {
  return { fromMs: from === undefined ? undefined : Date.parse(from) - slackMs, toMs: to === undefined ? undefined : Date.parse(to) + slackMs };
}

/** The event as it is shown, or undefined where it was not asked for. */
export function matching(recorded: RecordedEvent, selection: EventSelection): HistoryEvent | undefined {
  const { stream, type } = recorded;
  if (type.startsWith('$') || stream.startsWith('$')) return undefined;
  if (selection.stream !== undefined && stream !== selection.stream) return undefined;
  if (selection.categories?.some((category) => stream === category || stream.startsWith(`${category}-`)) === false) return undefined;
  if (selection.types?.includes(type) === false) return undefined;
  if (selection.withoutPolls === true && type === 'AgentPolled') return undefined;
  if (selection.changesOnly === true && noChanges.has(type)) return undefined;
  // The id is in the text of every event that concerns the environment: most others are left out before they are parsed.
  if (selection.environmentId !== undefined && !recorded.data.includes(selection.environmentId)) return undefined;
  const event = toHistoryEvent(recorded);
  const { data, metadata, recordedAt } = event;
  if (selection.environmentId !== undefined && textOf(data, 'environmentId') !== selection.environmentId) return undefined;
  if (selection.changesOnly === true && type === 'ApiCallProxied' && readingMethods.has(textOf(data, 'method'))) return undefined;
  if (selection.actor !== undefined && !isActor(textOf(metadata, 'actor'), selection.actor)) return undefined;
  if (selection.from !== undefined && recordedAt < selection.from) return undefined;
  if (selection.to !== undefined && recordedAt >= selection.to) return undefined;
  return event;
}

/** `user:ann/key:k1` is who is asked for by `user:ann/key:k1`, `user:ann`, `ann` and `user`. */
function isActor(actor: string | undefined, asked: string): boolean {
  if (actor === undefined) return false;
  return [asked, `user:${asked}`].some((whole) => actor === whole || actor.startsWith(`${whole}/`)) || actor.startsWith(`${asked}:`);
}

function toHistoryEvent(recorded: RecordedEvent): HistoryEvent {
  const { id, stream, revision, position, type, createdAtMs } = recorded;
  const data: unknown = decodeEvent(recorded)?.data ?? JSON.parse(recorded.data);
  const metadata: unknown = JSON.parse(recorded.metadata === '' ? '{}' : recorded.metadata);
  const createdAt = new Date(createdAtMs).toISOString();
  const recordedAt = textOf(metadata, 'recordedAt') ?? createdAt;
  return { id, stream, revision, position, type, time: textOf(data, 'at') ?? recordedAt, recordedAt, data, metadata };
}

function textOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = (value as Record<string, unknown>)[name];
  return typeof found === 'string' ? found : undefined;
}
