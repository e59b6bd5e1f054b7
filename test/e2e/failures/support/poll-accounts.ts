/** Holds the polls recorded and those counted as lost against each other. */
import type { RecordedEvent } from './api.ts';

/** The polls of one instance of an agent, by sequence number. */
export interface PollAccount {
  readonly recorded: number;
  readonly lost: number;
  /** Sequences that are accounted for twice, or not at all although later ones are. */
  readonly wrong: readonly string[];
}

/** By instance id; what is right has nothing in `wrong`. */
export function accountsOf(events: readonly RecordedEvent[]): ReadonlyMap<string, PollAccount> {
  const ranges = new Map<string, { readonly from: number; readonly to: number; readonly isLost: boolean }[]>();
  for (const { type, data } of events) {
    if (type !== 'AgentPolled' && type !== 'PollsLost') continue;
    const instanceId = String(data.instanceId);
    const isLost = type === 'PollsLost';
    const [from, to] = isLost ? [Number(data.from), Number(data.to)] : [Number(data.sequence), Number(data.sequence)];
    const known = ranges.get(instanceId) ?? [];
    ranges.set(instanceId, [...known, { from, to, isLost }]);
    if (isLost && Number(data.count) !== to - from + 1) known.push({ from: 0, to: -1, isLost });
  }
  return new Map([...ranges].map(([instanceId, those]) => [instanceId, accountOf(those)]));
}

function accountOf(ranges: { readonly from: number; readonly to: number; readonly isLost: boolean }[]): PollAccount {
  const wrong: string[] = [];
  let next = 1;
  let lost = 0;
  let recorded = 0;
  for (const { from, to, isLost } of ranges.toSorted((a, b) => a.from - b.from)) {
    const name = `${isLost ? 'lost' : 'recorded'} ${from}–${to}`;
    if (from > next) wrong.push(`${next}–${from - 1} are missing before ${name}`);
    if (from < next) wrong.push(`${name} again after ${next - 1}`);
    if (isLost) lost += to - from + 1;
    else recorded += 1;
    next = Math.max(next, to + 1);
  }
  return { recorded, lost, wrong };
}
