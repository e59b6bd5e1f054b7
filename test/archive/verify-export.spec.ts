/** Whatever is done to the lines of an export, its verification names the first event that it was done to. */
import { expect } from 'chai';
import { createCheckpointSigner } from '../../services/application/checkpoint-signer.ts';
import type { SignedCheckpoint } from '../../services/domain/checkpoint.ts';
import type { LogProblemKind } from '../../services/event-store/log-verification.ts';
import { fillLog, seededNumbers } from '../event-store/sqlite/log-copies.ts';
import { newEvents, openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { exportTo, linesOf, respoken, verdictOn } from './support/exports.ts';

/** Ten events a round. */
const rounds = 20;
const last = rounds * 10;
const signer = createCheckpointSigner(Buffer.alloc(32, 7));

interface Line {
  readonly position?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const parsed = (line: string): Line => JSON.parse(line) as Line;
const indexOf = (lines: readonly string[], position: number): number => lines.findIndex((line) => parsed(line).position === String(position));
const edited = (line: string, change: (event: Record<string, unknown>) => void): string => {
  const event = JSON.parse(line) as Record<string, unknown>;
  change(event);
  return JSON.stringify(event);
};

type Tampering = readonly [kind: LogProblemKind, change: (lines: string[], position: number) => readonly string[]];

const tamperings: Readonly<Record<string, Tampering>> = {
  'altered its data': ['altered', (lines, position) => lines.with(indexOf(lines, position), edited(lines[indexOf(lines, position)] ?? '', (event) => (event['data'] = { ...(event['data'] as object), extra: 1 })))],
  'altered its metadata': ['altered', (lines, position) => lines.with(indexOf(lines, position), edited(lines[indexOf(lines, position)] ?? '', (event) => (event['metadata'] = { actor: 'user:nobody' })))],
  'altered its time': ['altered', (lines, position) => lines.with(indexOf(lines, position), edited(lines[indexOf(lines, position)] ?? '', (event) => (event['createdAtMs'] = 1)))],
  'took it out': ['missing', (lines, position) => lines.toSpliced(indexOf(lines, position), 1)],
  'took it out and moved the others up': [
    'missing',
    (lines, position) =>
      lines.toSpliced(indexOf(lines, position), 1).map((line) => (Number(parsed(line).position ?? 0) > position ? edited(line, (event) => (event['position'] = String(Number(event['position']) - 1))) : line)),
  ],
  'slipped another in at its position and moved it on': [
    'inserted',
    (lines, position) => {
      const at = indexOf(lines, position);
      const moved = lines.map((line) => (Number(parsed(line).position ?? 0) >= position ? edited(line, (event) => (event['position'] = String(Number(event['position']) + 1))) : line));
      return moved.toSpliced(at, 0, edited(lines[at] ?? '', (event) => Object.assign(event, { id: 'ffffffff-0000-4000-8000-000000000000', revision: 9000 })));
    },
  ],
  'put it in the place of a later one': [
    'reordered',
    (lines, position) => {
      const [at, other] = [indexOf(lines, position), indexOf(lines, position + 7)];
      return lines.with(at, lines[other] ?? '').with(other, lines[at] ?? '');
    },
  ],
};

describe('verification of an export', () => {
  const folder = createTemporaryFolder();
  let log: TestLog;
  let whole: string;
  before(async () => {
    log = await openTestLog();
    await fillLog(log, rounds);
    whole = await exportTo(folder.path, 'whole', log);
  });
  after(async () => {
    await log.remove();
    folder.remove();
  });

  it('finds nothing wrong with one that nobody touched, and the chain of the store', async () => {
    const found = await verdictOn(whole);
    expect(found).to.deep.include({ events: last, expired: 0, lastPosition: last, problems: [], first: undefined, chain: log.verify().chain });
    expect(found.groups).to.equal(found.recomputed);
  });

  for (const [what, [kind, change]] of Object.entries(tamperings)) {
    it(`names the event where somebody ${what}`, async () => {
      const number = seededNumbers(20_260_131);
      for (let round = 0; round < 12; round += 1) {
        const position = 1 + number(last - 20);
        const { first, problems } = await verdictOn(respoken(whole, (lines) => change(lines, position)));
        expect([first?.kind, first?.event?.position], `position ${position}: ${problems.map(({ message }) => message).join(' ')}`).to.deep.equal([kind, position]);
      }
    });
  }

  it('tells one that was cut off, one that was added to, and one whose bytes are others', async () => {
    const kinds = async (change: (lines: string[]) => readonly string[]) => (await verdictOn(respoken(whole, change))).problems.map(({ kind }) => kind);
    expect(await kinds((lines) => lines.slice(0, -1))).to.deep.equal(['file']);
    expect(await kinds((lines) => [...lines, lines[1] ?? ''])).to.deep.equal(['file']);
    expect(await kinds((lines) => lines.map((line) => line.replace('"format":1', '"format": 1')))).to.deep.equal(['file']);
    const { first } = await verdictOn(respoken(whole, (lines) => lines.slice(0, 40)));
    expect(first?.kind).to.equal('missing');
  });

  it('finds a group that somebody made fit his own events, by the chain', async () => {
    const other = await openTestLog();
    try {
      await fillLog(other, rounds);
      const foreign = linesOf(await exportTo(folder.path, 'foreign', other));
      const mine = linesOf(whole);
      const from = mine.findIndex((line, index) => index > 40 && line.startsWith('{"group"'));
      const mixed = respoken(whole, (lines) => [...lines.slice(0, from), ...foreign.slice(from)]);
      const { problems } = await verdictOn(mixed);
      expect(problems.map(({ kind }) => kind)).to.include('chain');
    } finally {
      await other.remove();
    }
  });

  it('proves a part by the leaves of what it leaves out, and says that it is a part', async () => {
    const chain = log.verify().chain;
    for (const filter of [{ stream: 'environment-b' }, { categories: ['tunnel'] }, { types: ['EnvironmentRenamed'] }, { withoutPolls: true }, { to: '2020-01-01T00:00:00.000Z' }]) {
      const part = await exportTo(folder.path, 'part', log, filter);
      const { first, header, chain: proven, events } = await verdictOn(part);
      expect([first, header.filter, proven], JSON.stringify(filter)).to.deep.equal([undefined, filter, chain]);
      if (events === 0) continue;
      const lines = linesOf(part);
      const position = Number(lines.map((line) => parsed(line).position).findLast((found) => found !== undefined));
      const altered = await verdictOn(respoken(part, (all) => all.with(indexOf(all, position), edited(all[indexOf(all, position)] ?? '', (event) => (event['data'] = 0)))));
      expect([altered.first?.kind, altered.first?.event?.position]).to.deep.equal(['altered', position]);
      const missing = await verdictOn(respoken(part, (all) => all.toSpliced(indexOf(all, position), 1)));
      // Of a group of one nothing tells that it was asked for.
      if (filter.types === undefined) expect(missing.problems.map(({ kind }) => kind)).to.include('file');
    }
  });

  it('refuses what is no export, what a newer release wrote, and what nothing proves', async () => {
    const code = async (change: (lines: string[]) => readonly string[]) => verdictOn(respoken(whole, change)).then(() => undefined, (error: unknown) => (error as { readonly code?: unknown }).code);
    expect(await code(() => ['{"items":[]}'])).to.equal('export-unreadable');
    expect(await code((lines) => lines.slice(1))).to.equal('export-unreadable');
    expect(await code((lines) => lines.with(0, (lines[0] ?? '').replace('"format":1', '"format":2')))).to.equal('export-too-new');
    expect(await code((lines) => lines.with(0, (lines[0] ?? '').replace('"sqlite"', '"eventstoredb"')))).to.equal('export-without-proof');
    expect(await verdictOn(folder.path).then(() => undefined, (error: unknown) => (error as { readonly code?: unknown }).code)).to.equal('export-unreadable');
  });
});

describe('an export held against checkpoints', () => {
  const folder = createTemporaryFolder();
  let log: TestLog;
  const kept: SignedCheckpoint[] = [];
  before(async () => {
    log = await openTestLog();
    for (let round = 0; round < 3; round += 1) {
      await log.store.append('environment-a', newEvents(3, 'EnvironmentRenamed', { round }), { expectedRevision: round === 0 ? 'no-stream' : 3 * round - 1 });
      await log.store.append('polls-cp_1', newEvents(20, 'AgentPolled'), { expectedRevision: round === 0 ? 'no-stream' : 20 * round - 1 });
      const head = await log.store.chain.head();
      if (head === undefined) throw new Error('the log is empty');
      kept.push(signer.sign({ controlPlaneNode: 'cp1', ...head, at: `2026-01-31T1${round}:00:00.000Z` }));
    }
    await log.store.append('environment-a', newEvents(2), { expectedRevision: 8 });
  });
  after(async () => {
    await log.remove();
    folder.remove();
  });

  it('fits them, and says how much came after the newest of them; also after polls have expired', async () => {
    const before = await verdictOn(await exportTo(folder.path, 'before', log), kept);
    expect([before.first, before.kept.fitting, before.provenBy?.position, before.uncovered]).to.deep.equal([undefined, 3, '69', 2]);
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 10 });
    const after = await verdictOn(await exportTo(folder.path, 'after', log), kept);
    expect([after.first, after.kept.fitting, after.events, after.expired, after.lastPosition]).to.deep.equal([undefined, 3, 31, 2, 71]);
  });

  it('shows a history that was written anew, with roots and a chain that fit', async () => {
    const other = await openTestLog();
    try {
      await other.store.append('environment-a', newEvents(80, 'EnvironmentRenamed'), { expectedRevision: 'no-stream' });
      const { first } = await verdictOn(await exportTo(folder.path, 'anew', other), kept);
      expect([first?.kind, first?.positions]).to.deep.equal(['checkpoint', [1, 23]]);
    } finally {
      await other.remove();
    }
  });
});
