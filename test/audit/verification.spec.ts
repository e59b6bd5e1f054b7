/** Checkpoints that were kept elsewhere, held against a log that someone with every right on its file has changed. */
import { join } from 'node:path';
import { expect } from 'chai';
import { createCheckpointSigner } from '../../services/application/checkpoint-signer.ts';
import { parseCheckpoints } from '../../services/audit/kept-checkpoints.ts';
import { verifyRecord } from '../../services/audit/verification.ts';
import type { SignedCheckpoint } from '../../services/domain/checkpoint.ts';
import { newEvents, openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';

const signer = createCheckpointSigner(Buffer.alloc(32, 7));

describe('verification by checkpoints', () => {
  let log: TestLog;
  let kept: SignedCheckpoint[];
  beforeEach(async () => {
    log = await openTestLog();
    kept = [];
    for (let round = 0; round < 3; round += 1) {
      await append(log, round, `round ${String(round)}`);
      await sign(log, round);
    }
  });
  afterEach(async () => {
    await log.remove();
  });

  async function append({ store }: TestLog, round: number, name: string): Promise<void> {
    await store.append('environment-a', newEvents(3, 'EnvironmentRenamed', { name }), { expectedRevision: round === 0 ? 'no-stream' : 3 * round - 1 });
  }
  /** As the application does it: the checkpoint is an event of its own. */
  async function sign({ store }: TestLog, round: number): Promise<void> {
    const head = await store.chain.head();
    if (head === undefined) throw new Error('the log is empty');
    const checkpoint = signer.sign({ controlPlaneNode: 'cp1', ...head, at: `2026-01-31T1${round}:00:00.000Z` });
    await store.append('checkpoints', newEvents(1, 'CheckpointSigned', checkpoint), { expectedRevision: round === 0 ? 'no-stream' : round - 1 });
    kept.push(checkpoint);
  }
  const verify = (checkpoints: readonly SignedCheckpoint[] = kept, publicKey?: string) => verifyRecord({ dataDirectory: log.dataDirectory, checkpoints, publicKey });

  it('says what they cover', () => {
    const { first, kept: elsewhere, recorded, uncovered } = verify(kept, signer.publicKey);
    expect(first).to.equal(undefined);
    expect([elsewhere.fitting, elsewhere.given, recorded.fitting, recorded.given]).to.deep.equal([3, 3, 3, 3]);
    // The last checkpoint's own event.
    expect([elsewhere.newest?.position, uncovered]).to.deep.equal(['11', 1]);
  });

  it('finds a history that was written anew, with roots and a chain that fit', async () => {
    const other = await openTestLog();
    try {
      for (let round = 0; round < 3; round += 1) await append(other, round, round === 2 ? 'another' : `round ${String(round)}`);
      await other.store.append('environment-b', newEvents(4), { expectedRevision: 'no-stream' });
      const { problems, first } = verifyRecord({ dataDirectory: other.dataDirectory, checkpoints: kept, publicKey: signer.publicKey });
      expect(problems.every(({ kind }) => kind === 'checkpoint')).to.equal(true);
      expect(first?.positions).to.deep.equal([1, 3]);
    } finally {
      await other.remove();
    }
  });

  it('finds that the end was cut off, which the log alone does not show', async () => {
    await log.store.close();
    log.change('DELETE FROM events WHERE position > 4; DELETE FROM event_groups WHERE first_position > 4');
    expect(verify([]).first).to.equal(undefined);
    expect(verify().problems.map(({ kind, positions }) => [kind, positions])).to.deep.equal([
      ['checkpoint', [5, 7]],
      ['checkpoint', [5, 11]],
    ]);
  });

  it('names the stretch between the last that fits and the first that does not', async () => {
    await log.store.close();
    const changed = kept.map((checkpoint, index) => (index < 2 ? checkpoint : signer.sign({ ...checkpoint, chain: 'ab'.repeat(32) })));
    expect(verify(changed).problems.map(({ positions }) => positions)).to.deep.equal([[8, 11]]);
  });

  it('counts what came after the newest that was kept elsewhere, whatever the log has of its own; and where none was kept, after that', () => {
    const [oldest] = kept;
    if (oldest === undefined) throw new Error('nothing is kept');
    expect([verify([oldest]).provenBy?.position, verify([oldest]).uncovered]).to.deep.equal(['3', 9]);
    expect([verify([]).provenBy?.position, verify([]).uncovered]).to.deep.equal(['11', 1]);
  });

  it('believes no signature that is not good, and none of another key, and takes neither for an altered record', () => {
    const [one] = kept;
    if (one === undefined) throw new Error('nothing is kept');
    const other = createCheckpointSigner(Buffer.alloc(32, 8));
    for (const [unfit, why] of [
      [{ ...one, events: 2 }, 'it was altered itself'],
      [{ ...one, signature: 'c2hvcnQ=' }, 'it was altered itself'],
      [other.sign(one), 'another key'],
    ] as const) {
      const { first, kept: elsewhere } = verify([unfit], signer.publicKey);
      expect([first, elsewhere.fitting, elsewhere.unusable.length]).to.deep.equal([undefined, 0, 1]);
      expect(elsewhere.unusable[0]?.message).to.include(why);
    }
    expect(verify([other.sign(one)]).kept.unusable).to.deep.equal([]);
  });

  it('finds a checkpoint in the log that does not fit what stands before it', async () => {
    const forged = signer.sign({ controlPlaneNode: 'cp1', position: '4', events: 4, chain: 'cd'.repeat(32), at: '2026-01-31T13:00:00.000Z' });
    await log.store.append('checkpoints', newEvents(1, 'CheckpointSigned', forged), { expectedRevision: 2 });
    expect(verify([]).problems.map(({ kind, positions }) => [kind, positions])).to.deep.equal([['checkpoint', [4, 4]]]);
  });

  it('holds after what they covered has expired', async () => {
    await log.store.append('polls-cp_1', newEvents(50, 'AgentPolled'), { expectedRevision: 'no-stream' });
    await sign(log, 3);
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 0 });
    const { first, kept: elsewhere } = verify();
    expect([first, elsewhere.fitting]).to.deep.equal([undefined, 4]);
  });

  it('takes them as NATS and REST gave them', () => {
    const event = (checkpoint: SignedCheckpoint): string => JSON.stringify({ specversion: '1.0', type: 'io.homeport.CheckpointSigned.v1', data: checkpoint });
    const asMessages = `${JSON.stringify({ type: 'io.homeport.UserCreated.v1', data: { username: 'a' } })}\n${kept.map(event).join('\n')}\n`;
    for (const text of [asMessages, JSON.stringify({ items: kept, nextCursor: null, total: 3 }, undefined, 2), kept.map((one) => JSON.stringify(one)).join('\n'), JSON.stringify(kept)]) {
      expect(parseCheckpoints(text)).to.deep.equal(kept);
    }
    for (const text of ['', '{}', 'no JSON', '{"signature":"x"}', `${JSON.stringify(kept[0])}\n{"cut`]) expect(() => parseCheckpoints(text), text).to.throw(Error).with.property('code', 'checkpoints-unreadable');
  });

  it('says that there is no log where there is none', () => {
    expect(() => verifyRecord({ dataDirectory: join(log.dataDirectory, 'nowhere') })).to.throw(Error).with.property('code', 'event-store-unavailable');
  });
});
