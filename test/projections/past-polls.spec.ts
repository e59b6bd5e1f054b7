/** When agents had last polled at a past instant, where not all polls are kept or looked at. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createInstantLookup } from '../../projections/instants/lookup.ts';
import { createPastPolls, type AgentThen } from '../../projections/instants/past-polls.ts';
import type { DomainEvent, RetentionEvents } from '../../services/domain/events.ts';
import { openEventStore, type EmbeddedEventStore } from '../../services/event-store/open.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { openTestReadModel, temporaryFolder, type TestReadModel } from './read-model.ts';

const noon = Date.UTC(2026, 0, 31, 12);
const at = (minute: number): string => new Date(noon + minute * 60_000).toISOString();

describe('the last poll of an agent, at a past instant', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EmbeddedEventStore;
  let model: TestReadModel;
  /** Events that the read models have taken. */
  let taken: number;

  beforeEach(async () => {
    taken = 0;
    folder = temporaryFolder();
    store = await openEventStore({ dataDirectory: folder.path });
    model = openTestReadModel();
  });
  afterEach(async () => {
    model.close();
    await store.close();
    folder.remove();
  });

  async function record(...events: readonly (readonly [stream: string, event: DomainEvent])[]): Promise<void> {
    for (const [stream, { type, data }] of events) {
      const metadata = JSON.stringify({ schemaVersion: type === 'PollsExpired' ? 2 : 1, recordedAt: data.at });
      await store.append(stream, [{ id: randomUUID(), type, data: JSON.stringify(data), metadata }], { expectedRevision: 'any' });
    }
  }
  const poll = (instanceId: string, minute: number): [string, DomainEvent] => [
    'polls-cp_1',
    { type: 'AgentPolled', data: { at: at(minute), environmentId: 'a', node: 'host', instanceId, sequence: minute } },
  ];
  const summary = (minute: number, lastPolled: number): [string, DomainEvent] => {
    const agent: RetentionEvents['PollsSummarised']['agents'][number] = { environmentId: 'a', node: 'host', instanceId: 'i1', lastSequence: 9, count: 1, lastPolledAt: at(lastPolled) };
    return ['retention-cp', { type: 'PollsSummarised', data: { at: at(minute), shard: 1, from: at(minute - 60), to: at(minute), agents: [agent] } }];
  };
  /** Stands where the agent became known, at the log's beginning. */
  const known: [string, DomainEvent] = ['settings', { type: 'SettingsChanged', data: { at: at(0), changes: {} } }];
  const agent: AgentThen = { environmentId: 'a', instanceId: 'i1', instanceSince: '1', formerInstanceId: null, formerSince: null, downSince: null };

  /** As of a minute, once the read models have taken everything. */
  async function lastPoll(minute: number, asked: Partial<AgentThen> = {}, searchedAtMost?: number): Promise<unknown> {
    const log: RecordedEvent[] = [];
    for await (const page of store.readAll()) log.push(...page);
    model.commit(log.slice(taken));
    taken = log.length;
    const instant = createInstantLookup(model.database)(noon + minute * 60_000);
    return (await createPastPolls(store, searchedAtMost).lastPolls(instant, [{ ...agent, ...asked }]))[0];
  }

  it('is in the log, and no later one counts', async () => {
    await record(known, poll('i1', 1), poll('i1', 2), poll('i2', 3), poll('i1', 4));
    expect(await lastPoll(3)).to.deep.equal({ at: at(2), isApproximate: false });
  });

  it('is none where the agent is known since a later place', async () => {
    await record(known, poll('i1', 1), poll('i2', 2));
    expect(await lastPoll(3, { instanceSince: '2' })).to.deep.equal({ at: null, isApproximate: false });
  });

  it('is told by the last summary, and said to be, where polls of then have expired', async () => {
    await record(known, poll('i1', 1), summary(60, 1), poll('i1', 70), summary(120, 70), ['retention-cp', { type: 'PollsExpired', data: { at: at(130), count: 2, before: at(125), limit: 'age' } }]);
    await store.maintenance.expire({ category: 'polls', keepEvents: 0 });
    expect(await lastPoll(121)).to.deep.equal({ at: at(70), isApproximate: true });
    expect(await lastPoll(61)).to.deep.equal({ at: at(1), isApproximate: true });
  });

  it('is told by the last summary, too, where it is not among the polls that are looked at', async () => {
    const others = Array.from({ length: 40 }, (_, index) => poll('i2', 61 + index));
    await record(known, poll('i1', 1), summary(60, 1), ...others);
    expect(await lastPoll(110, {}, 20)).to.deep.equal({ at: at(1), isApproximate: true });
  });

  it('is exact by a summary where the environment was down by then: nobody polled since', async () => {
    const others = Array.from({ length: 40 }, (_, index) => poll('i2', 61 + index));
    await record(known, poll('i1', 1), summary(60, 1), ...others);
    expect(await lastPoll(110, { downSince: at(3) }, 20)).to.deep.equal({ at: at(1), isApproximate: false });
    expect(await lastPoll(110, { downSince: at(61) }, 20)).to.deep.equal({ at: at(1), isApproximate: true });
  });
});
