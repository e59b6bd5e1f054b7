/** Tells what happened to an event that is not the one recorded at its position: altered, or there from another place. */
import { nameEvent, type LogProblem } from './log-verification.ts';

/** An event with its place. */
export interface PlacedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly id: string;
}

export interface DisplacementDeps<Event extends PlacedEvent> {
  eventAt(position: number): Event | undefined;
  /** Whether this, with another position and revision, is what was recorded there. Undefined where that can't be known. */
  wasRecordedAs(event: Event, position: number, revision: number): boolean | undefined;
}

/** How far an event is looked for from where it should be, in positions. */
const reach = 64;

/**
 * `event` stands at its position and was not recorded there. Somebody who slipped an event in, or took one out, moved all that
 * come after it by one, perhaps with their revisions; somebody who changed the order put others' places on them.
 */
export function explainDisplaced<Event extends PlacedEvent>(event: Event, deps: DisplacementDeps<Event>): LogProblem {
  const { position } = event;
  const named = { position, stream: event.stream, revision: event.revision, type: event.type, id: event.id };
  const wasAs = (other: Event | undefined, at: number): boolean => other !== undefined && revisionsNear(other, at, deps).some((revision) => deps.wasRecordedAs(other, at, revision) === true);

  if (wasAs(deps.eventAt(position + 1), position)) {
    // Its neighbour belongs here. Two that merely changed places fit crosswise.
    if (!wasAs(event, position + 1)) return { kind: 'inserted', message: `${capital(nameEvent(named))} was inserted: nothing like it was recorded there.`, event: named };
    return { kind: 'reordered', message: `${capital(nameEvent(named))} was recorded at position ${position + 1}, and what stands there before it.`, event: named };
  }
  if (wasAs(event, position + 1)) {
    return { kind: 'missing', message: `The event at position ${position} is missing: what was recorded after it has taken its place, ${nameEvent(named)} first.`, event: { position } };
  }
  for (let distance = 2; distance <= reach; distance += 1) {
    for (const from of [position + distance, position - distance]) {
      if (wasAs(event, from)) return { kind: 'reordered', message: `${capital(nameEvent(named))} was recorded at position ${from}.`, event: named };
    }
  }
  return { kind: 'altered', message: `${capital(nameEvent(named))} is not as it was recorded.`, event: named };
}

/** Its own revision, those beside it, and that of what now stands where it may have been. */
function revisionsNear<Event extends PlacedEvent>(event: Event, at: number, { eventAt }: DisplacementDeps<Event>): readonly number[] {
  const there = eventAt(at);
  return [event.revision, event.revision - 1, event.revision + 1, ...(there?.stream === event.stream ? [there.revision] : [])];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
