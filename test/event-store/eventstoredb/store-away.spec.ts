/** The store goes away under 256 appends in flight: each caller learns the truth, and a retry never doubles. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { openEventStoreDb, type EventStoreDbOptions } from '../../../services/event-store/eventstoredb/event-store.ts';
import { EventStoreError, type EventStore, type RecordedEvent } from '../../../services/event-store/port.ts';
import { follow } from '../../conformance/event-store/follower.ts';
import { collect, idsOf, newEvent } from '../../conformance/event-store/store-under-test.ts';
import { eventually } from '../../support/eventually.ts';
import { storeCommand } from '../../support/store-command.ts';
import { startStoreProcess, type StoreProcess } from '../../support/store-process.ts';

const isLong = process.env['HOMEPORT_TEST_LONG'] === '1';
const writers = 256;

/** What became of one append before it was sent again; in doubt from the first of its tries on that was. */
interface Refused {
  readonly stream: string;
  readonly id: string;
  readonly isInDoubt: boolean;
}

describe('the EventStoreDB adapter, when the store goes away under 256 appends in flight', () => {
  let server: StoreProcess;
  let store: EventStore;
  let following: ReturnType<typeof follow> | undefined;
  beforeEach(async () => {
    server = await startStoreProcess(storeCommand);
  });
  afterEach(async () => {
    await following?.stop().catch(() => undefined);
    await store.close();
    await server.remove();
  });

  const open = async (patience: Omit<EventStoreDbOptions, 'connectionString'> = {}): Promise<void> => {
    store = await openEventStoreDb({ connectionString: server.connectionString, ...patience });
  };

  /**
   * So many writers append one event after the other, each to a stream of its own. Once there are enough, the store goes away and comes back
   * by `outage`; whoever is refused then waits until it is back, and sends the same event again. Checks at the end that each stream holds
   * what its writer believes, and a subscription saw it. Answers who was refused meanwhile, and which of those were recorded before they came again.
   */
  async function writeThrough(outage: () => Promise<void>): Promise<{ readonly refused: readonly Refused[]; readonly wereRecorded: ReadonlySet<string> }> {
    const seen = (following = follow((signal) => store.subscribeToAll({ after: 'start', filter: { streamPrefixes: ['thing-'] }, signal })));
    const believed = new Map<string, string[]>();
    const refused: Refused[] = [];
    const wereRecorded = new Set<string>();
    const enough = Promise.withResolvers<undefined>();
    const back = Promise.withResolvers<undefined>();
    let isOver = false;
    let acknowledged = 0;

    /** As a caller does that must not lose an event: whenever it is refused it waits until the store is back, and sends the same event again. */
    async function append(stream: string, id: string, revision: number): Promise<void> {
      const event = { ...newEvent(), id };
      const expectedRevision = revision === -1 ? 'no-stream' : revision;
      for (let isInDoubt = false; ; ) {
        try {
          expect((await store.append(stream, [event], { expectedRevision })).revision).to.equal(revision + 1);
          return;
        } catch (error) {
          if (!(error instanceof EventStoreError) || error.code !== 'event-store-unavailable') throw error;
          // What one try left in doubt a later one does not settle.
          isInDoubt ||= error.isInDoubt;
          refused.push({ stream, id, isInDoubt });
          await back.promise;
          await untilFound();
          if (idsOf(await standing(stream, revision + 1)).includes(id)) wereRecorded.add(id);
        }
      }
    }

    async function write(stream: string): Promise<void> {
      const ids: string[] = [];
      believed.set(stream, ids);
      for (let isLast = false; !isLast; ) {
        // One more after it is back.
        isLast = isOver;
        const id = newEvent().id;
        await append(stream, id, ids.length - 1);
        ids.push(id);
        acknowledged += 1;
        if (acknowledged === writers * 2) enough.resolve(undefined);
      }
    }

    const writing = Promise.all(Array.from({ length: writers }, (_, index) => write(`thing-${index}`)));
    await enough.promise;
    await outage();
    await untilFound();
    isOver = true;
    back.resolve(undefined);
    await writing;

    for (const [stream, ids] of believed) expect(idsOf(await collect(store.readStream(stream))), stream).to.deep.equal(ids);
    const all = [...believed.values()].flat();
    await seen.until(({ events }) => events.length >= all.length);
    expect(idsOf(seen.events).toSorted()).to.deep.equal(all.toSorted());
    return { refused, wereRecorded };
  }

  const untilFound = () => eventually('the adapter to find the store back', () => (store.unavailability() === undefined ? true : undefined), 20_000);

  async function standing(stream: string, from: number): Promise<readonly RecordedEvent[]> {
    try {
      return await collect(store.readStream(stream, { from }));
    } catch (error) {
      if (error instanceof EventStoreError && error.code === 'stream-not-found') return [];
      throw error;
    }
  }

  it('killed and back in time: everyone is told that it is recorded, and it is, once', async () => {
    // In time, however long it takes to start.
    await open({ doubtMs: 60_000 });
    const { refused } = await writeThrough(async () => {
      await server.kill();
      await server.start();
    });
    // Who came while it was away was told at once that nothing was recorded; who was in flight was not refused.
    expect(refused.filter(({ isInDoubt }) => isInDoubt)).to.deep.equal([]);
  });

  it('killed and away for long: who is told that it may be recorded is in doubt, who is told that it is not is right, and a retry doubles nothing', async () => {
    await open({ doubtMs: 500 });
    const { refused, wereRecorded } = await writeThrough(async () => {
      await server.kill();
      await eventually('every writer to be told', () => (store.unavailability() === undefined ? undefined : true));
      await expectRefusalAtOnce();
      await server.start();
    });
    expect(refused.filter(({ isInDoubt }) => isInDoubt)).to.not.have.lengthOf(0);
    expect(refused.filter(({ id, isInDoubt }) => !isInDoubt && wereRecorded.has(id))).to.deep.equal([]);
  });

  if (isLong) it('stopped for 40 s without a word: every caller is told within its time, all others at once, and then all resumes', async function () {
    this.timeout(120_000);
    await open();
    const { refused, wereRecorded } = await writeThrough(async () => {
      server.process().signal('SIGSTOP');
      const stoppedAtMs = performance.now();
      await eventually('the adapter to notice', () => (store.unavailability() === undefined ? undefined : true), 5_000);
      await expectRefusalAtOnce();
      await new Promise((resolve) => setTimeout(resolve, 40_000 - (performance.now() - stoppedAtMs)));
      await expectRefusalAtOnce();
      server.process().signal('SIGCONT');
    });
    expect(refused.filter(({ isInDoubt }) => isInDoubt)).to.have.lengthOf(writers);
    expect(refused.filter(({ id, isInDoubt }) => !isInDoubt && wereRecorded.has(id))).to.deep.equal([]);
  });

  /** Once it is known that the store is away, nobody waits: not for a timer, not for the network. */
  async function expectRefusalAtOnce(): Promise<void> {
    const refusal = store.append('others-1', [newEvent()], { expectedRevision: 'no-stream' }).catch((error: unknown) => error);
    expect(await Promise.race([refusal, nextTurn('it waits')])).to.include({ code: 'event-store-unavailable', isInDoubt: false });
  }
});
