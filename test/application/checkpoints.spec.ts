/** Checkpoints over a real embedded store, by a clock that moves only when told to. */
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { expect } from 'chai';
import pino from 'pino';
import { createCheckpoints, type RecordedCheckpoints } from '../../services/application/checkpoints.ts';
import { createCheckpointSigner } from '../../services/application/checkpoint-signer.ts';
import { createEventLog, type EventLog } from '../../services/application/event-log.ts';
import { ApplicationError } from '../../services/application/ports/application-error.ts';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import { createSettings, type StoredSettings } from '../../services/application/settings.ts';
import { checkpointBytes, type SignedCheckpoint } from '../../services/domain/checkpoint.ts';
import { openTestLog, newEvents, type TestLog } from '../event-store/sqlite/open-log.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';

const hourMs = 3_600_000;
const context: CommandContext = { actor: 'user:admin', correlationId: '00000000-0000-4000-8000-000000000001' };

describe('checkpoints', () => {
  let log: TestLog;
  let clock: ManualClock;
  let settings: StoredSettings;
  let checkpoints: RecordedCheckpoints;
  let appended: number;

  const start = async (change: (log: EventLog) => EventLog = (same) => same, seed = 7): Promise<void> => {
    const eventLog = change(createEventLog({ store: log.store, clock }));
    settings = createSettings({ reader: log.store, log: eventLog, clock });
    await settings.start();
    checkpoints = createCheckpoints({
      signing: { chain: log.store.chain, signer: createCheckpointSigner(Buffer.alloc(32, seed)) },
      reader: log.store,
      log: eventLog,
      clock,
      logger: pino({ level: 'silent' }),
      settings,
      controlPlaneNode: 'cp1',
      systemContext: () => ({ actor: 'system:cp1', correlationId: randomUUID() }),
    });
    await checkpoints.start();
  };
  const happen = async (): Promise<void> => {
    await log.store.append('environment-1', newEvents(3), { expectedRevision: appended === 0 ? 'no-stream' : appended - 1 });
    appended += 3;
  };
  /** What is due is asked of the store, which answers in its own time: a list stands behind it in the same queue. */
  const recorded = async (): Promise<readonly SignedCheckpoint[]> => {
    await checkpoints.sign(context);
    return (await checkpoints.list({ limit: 100 })).checkpoints;
  };

  beforeEach(async () => {
    log = await openTestLog();
    clock = createManualClock();
    appended = 0;
  });
  afterEach(async () => {
    await log.remove();
  });

  it('are signed every hour in which anything was recorded, and at the end', async () => {
    await happen();
    await start();
    await clock.advance(hourMs);
    expect((await recorded()).map(({ at, position, events }) => [at, position, events])).to.deep.equal([['2026-01-31T13:00:00.000Z', '3', 3]]);
    await clock.advance(3 * hourMs);
    expect(await recorded()).to.have.lengthOf(1);
    await happen();
    await clock.advance(hourMs);
    expect((await recorded()).map(({ position }) => position)).to.deep.equal(['3', '7']);
    await happen();
    await checkpoints.close();
    expect((await checkpoints.list({ limit: 100 })).checkpoints.map(({ position }) => position)).to.deep.equal(['3', '7', '11']);
    expect(await log.store.headPosition()).to.equal('12');
  });

  it('say where the chain stood, by a signature that others can check', async () => {
    await happen();
    await start();
    const { chain } = log.verify();
    const { checkpoint } = await checkpoints.sign(context);
    expect(checkpoint).to.deep.include({ controlPlaneNode: 'cp1', position: '3', events: 3, chain });
    const text = Buffer.from(checkpointBytes(checkpoint));
    expect(text.toString()).to.equal(`homeport checkpoint v1\0node cp1\nposition 3\nevents 3\nchain ${chain}\ntime 2026-01-31T12:00:00.000Z\n`);
    // Another implementation of Ed25519, with the key in its standard wrapping.
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(checkpoint.publicKey, 'base64')]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, text, key, Buffer.from(checkpoint.signature, 'base64'))).to.equal(true);
    text[30] = (text[30] ?? 0) ^ 1;
    expect(verify(null, text, key, Buffer.from(checkpoint.signature, 'base64'))).to.equal(false);
  });

  it('follow a changed interval, and one that is overdue after a restart is signed at once', async () => {
    await happen();
    await start();
    await settings.change({ checkpointIntervalSeconds: 600 }, context);
    await clock.advance(600_000);
    expect(await recorded()).to.have.lengthOf(1);
    await happen();
    // The process before was killed: its clock stands still.
    clock = createManualClock('2026-02-01T12:10:00.000Z');
    await start();
    await clock.advance(0);
    expect((await recorded()).map(({ at }) => at)).to.deep.equal(['2026-01-31T12:10:00.000Z', '2026-02-01T12:10:00.000Z']);
  });

  it('are not doubled where an answer was lost, nor lost where the store was away', async () => {
    await happen();
    let trouble: 'none' | 'answer lost' | 'away' = 'none';
    await start((real) => ({
      ...real,
      async append(stream, events, options) {
        if (trouble === 'away') throw new ApplicationError('event-store-unavailable', 'away');
        const result = await real.append(stream, events, options);
        if (trouble === 'answer lost') throw new ApplicationError('event-store-unavailable', 'in doubt');
        return result;
      },
    }));
    for (const what of ['answer lost', 'away'] as const) {
      trouble = what;
      const failure = await checkpoints.sign(context).catch((error: unknown) => error);
      expect(failure).to.have.property('code', 'event-store-unavailable');
      trouble = 'none';
      await checkpoints.sign(context);
      await happen();
    }
    expect((await recorded()).map(({ position }) => position)).to.deep.equal(['3', '7', '11']);
  });

  it('are listed in pages, oldest first', async () => {
    await start();
    for (let round = 0; round < 5; round += 1) {
      await happen();
      await checkpoints.sign(context);
    }
    const seen: string[] = [];
    for (let from: number | null = 0; from !== null; ) {
      const page = await checkpoints.list({ limit: 2, from });
      expect(page.total).to.equal(5);
      seen.push(...page.checkpoints.map(({ position }) => position));
      from = page.next;
    }
    expect(seen).to.deep.equal(['3', '7', '11', '15', '19']);
    const newest = await checkpoints.list({ limit: 3, newestFirst: true });
    const oldest = await checkpoints.list({ limit: 3, newestFirst: true, from: newest.next ?? -1 });
    expect([...newest.checkpoints, ...oldest.checkpoints].map(({ position }) => position)).to.deep.equal(seen.reverse());
    expect([oldest.next, oldest.total]).to.deep.equal([null, 5]);
  });

  it('are none, in either order, before the first', async () => {
    await start();
    expect(await checkpoints.list({ limit: 3, newestFirst: true })).to.deep.equal({ checkpoints: [], next: null, total: 0 });
  });

  it('are refused where the store has no chain', async () => {
    const eventLog = createEventLog({ store: log.store, clock });
    settings = createSettings({ reader: log.store, log: eventLog, clock });
    const none = createCheckpoints({ signing: undefined, reader: log.store, log: eventLog, clock, logger: pino({ level: 'silent' }), settings, controlPlaneNode: 'cp1', systemContext: () => context });
    await none.start();
    for (const asked of [none.list({ limit: 1 }), none.sign(context)]) {
      expect(await asked.catch((error: unknown) => error)).to.have.property('code', 'checkpoints-not-kept');
    }
    await none.close();
    expect(await log.store.headPosition()).to.equal(undefined);
  });
});
