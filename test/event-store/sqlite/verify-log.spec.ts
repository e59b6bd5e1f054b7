/** Whatever is done to the events of a log, verification names the first that it was done to. */
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { firstOf } from '../../../services/audit/verification.ts';
import type { LogProblemKind } from '../../../services/event-store/log-verification.ts';
import { checkOf } from '../../../services/event-store/sqlite/leaf-checks.ts';
import { leafHash, type Digest } from '../../../services/event-store/sqlite/merkle.ts';
import { createRecordedLeaves } from '../../../services/event-store/sqlite/recorded-leaves.ts';
import { copiesOfLog, seededNumbers, spoil, verifyFileOf, type LogCopies } from './log-copies.ts';

/** Positions of a log of so many rounds of ten events each. */
const rounds = 30;
const last = rounds * 10;

interface Tampering {
  readonly sql: string;
  readonly kind: LogProblemKind;
  readonly position: number;
}

type Numbers = (below: number) => number;

const alterations: readonly string[] = [
  "data = data || ' '",
  "data = '{}'",
  "metadata = '{\"actor\":\"user:nobody\"}'",
  'created = created - 1000',
  "id = '00000000-0000-4000-8000-000000000000'",
  'type = 1 + type % 4',
  'stream = (SELECT max(id) FROM streams) + 7',
  'revision = revision + 1000',
];

const tamperings: Readonly<Record<string, (number: Numbers) => Tampering>> = {
  'altered one': (number) => {
    const position = 1 + number(last);
    return { sql: `UPDATE events SET ${alterations[number(alterations.length)] ?? ''} WHERE position = ${position}`, kind: 'altered', position };
  },
  'removed one': (number) => {
    const position = 1 + number(last);
    return { sql: `DELETE FROM events WHERE position = ${position}`, kind: 'missing', position };
  },
  'removed one and closed the gap': (number) => {
    const position = 1 + number(last - 1);
    return { sql: `DELETE FROM events WHERE position = ${position}; ${moved('position - 1', position)}`, kind: 'missing', position };
  },
  'slipped one in and moved the others on': (number) => {
    const position = 1 + number(last);
    return { sql: `${moved('position + 1', position - 1)}; ${inserted(position)}`, kind: 'inserted', position };
  },
  'added one at the end': () => ({ sql: inserted(last + 1), kind: 'inserted', position: last + 1 }),
  'put two in the other order': (number) => {
    const position = 1 + number(last - 40);
    const other = position + 1 + number(39);
    return { sql: swapped('position', position, other), kind: 'reordered', position };
  },
  'put two of a stream in the other order, with their revisions': (number) => {
    // Of polls: five in a row, the last five of each ten.
    const position = 10 * number(rounds) + 6 + number(2);
    const other = position + 1 + number(2);
    const revision = (at: number): number => 5 * Math.floor((at - 6) / 10) + ((at - 6) % 10);
    return { sql: `${swapped('position', position, other)}; ${swappedRevisions(position, revision(other), other, revision(position))}`, kind: 'reordered', position };
  },
};

function moved(to: string, after: number): string {
  return `UPDATE events SET position = -(${to}) WHERE position > ${after}; UPDATE events SET position = -position WHERE position < 0`;
}

function inserted(position: number): string {
  return `INSERT INTO events SELECT ${position}, stream, 5000, type, created, 'ffffffff-0000-4000-8000-000000000000', data, metadata FROM events WHERE position = (SELECT max(position) FROM events)`;
}

function swapped(column: string, a: number, b: number): string {
  return `UPDATE events SET ${column} = -1 WHERE position = ${a}; UPDATE events SET ${column} = ${a} WHERE position = ${b}; UPDATE events SET ${column} = ${b} WHERE position = -1`;
}

/** The rows changed places already: each takes the revision that belongs there. */
function swappedRevisions(a: number, ofA: number, b: number, ofB: number): string {
  return `UPDATE events SET revision = -1 WHERE position = ${b}; UPDATE events SET revision = ${ofB} WHERE position = ${a}; UPDATE events SET revision = ${ofA} WHERE position = ${b}`;
}

describe('verification of the embedded log', () => {
  let copies: LogCopies;
  before(async () => {
    copies = await copiesOfLog(rounds);
  });
  after(async () => {
    await copies.remove();
  });

  it('finds nothing wrong with one that nobody touched', () => {
    expect(verifyFileOf(copies.fresh())).to.deep.include({ events: last, expired: 0, lastPosition: last, problems: [] });
  });

  for (const [what, tamper] of Object.entries(tamperings)) {
    it(`names the first event where somebody ${what}`, () => {
      const number = seededNumbers(20_260_131);
      for (let round = 0; round < 40; round += 1) {
        const { sql, kind, position } = tamper(number);
        const file = copies.fresh();
        spoil(file, sql);
        const first = firstOf(verifyFileOf(file).problems);
        expect([first?.kind, first?.event?.position], sql).to.deep.equal([kind, position]);
      }
    });
  }

  it('names the stream and revision of one that is missing, where its stream goes on', () => {
    const file = copies.fresh();
    // environment-a-alone@1.
    spoil(file, "DELETE FROM events WHERE stream = (SELECT id FROM streams WHERE name = 'environment-a-alone') AND revision = 1");
    const [problem] = verifyFileOf(file).problems;
    expect(problem?.event).to.deep.include({ stream: 'environment-a-alone', revision: 1 });
  });

  it('names the group where whoever altered an event altered what is kept to name it', () => {
    const file = copies.fresh();
    spoil(file, "UPDATE events SET data = '{}' WHERE position = 7");
    const check = Buffer.from(checkOf(leafAt(file, 7)), 'latin1').toString('hex');
    // The second of the group's five.
    spoil(file, `UPDATE event_groups SET checks = CAST(substr(checks, 1, 4) || x'${check}' || substr(checks, 9) AS BLOB) WHERE first_position = 6`);
    expect(verifyFileOf(file).problems.map(({ kind, event, positions }) => ({ kind, event, positions }))).to.deep.equal([{ kind: 'altered', event: undefined, positions: [6, 10] }]);
  });

  it('tells an altered root, chain or note from altered events', () => {
    const kinds = (sql: string): unknown => {
      const file = copies.fresh();
      spoil(file, sql);
      return verifyFileOf(file).problems[0]?.kind;
    };
    expect(kinds('UPDATE event_groups SET root = zeroblob(32) WHERE first_position = 6')).to.equal('chain');
    expect(kinds('UPDATE event_groups SET chain = zeroblob(32) WHERE first_position = 6')).to.equal('chain');
    expect(kinds('UPDATE event_groups SET checks = zeroblob(20) WHERE first_position = 6')).to.equal('bookkeeping');
    for (const column of ['created', 'events_so_far', 'bytes_so_far']) expect(kinds(`UPDATE event_groups SET ${column} = ${column} + 1 WHERE first_position = 6`), column).to.equal('bookkeeping');
    expect(kinds("UPDATE streams SET tombstoned = 1 WHERE name = 'tunnel-a'")).to.equal('bookkeeping');
    expect(kinds("UPDATE streams SET removed_through = 3 WHERE name = 'tunnel-a'")).to.equal('bookkeeping');
    expect(kinds("UPDATE categories SET removed_before = 3 WHERE name = 'polls'")).to.equal('bookkeeping');
    expect(kinds('INSERT INTO removed_leaves VALUES (7, zeroblob(32))')).to.equal('bookkeeping');
  });

  it('answers that a file is damaged, whatever it holds', () => {
    const file = copies.fresh();
    spoil(file, 'DROP TABLE event_groups');
    expect(verifyFileOf(file).problems[0]?.kind).to.equal('file');
  });

  describe('after events have expired and were scavenged', () => {
    let thinned: LogCopies;
    before(async () => {
      thinned = await copiesOfLog(rounds, async (log) => {
        await log.store.maintenance.expire({ category: 'polls', keepEvents: 40 });
        await log.store.setStreamMetadata('environment-b', { maxCount: 20 });
        await log.store.maintenance.scavenge();
      });
    });
    after(async () => {
      await thinned.remove();
    });

    it('still holds, and counts what is gone', () => {
      const { events, expired, problems } = verifyFileOf(thinned.fresh());
      expect(problems).to.deep.equal([]);
      // 110 polls of 22 groups, 40 of environment-b; and one $metadata event more.
      expect({ events, expired }).to.deep.equal({ events: last + 1 - 110 - 40, expired: 22 });
    });

    it('names each of those that are left', () => {
      const number = seededNumbers(7);
      for (let round = 0; round < 40; round += 1) {
        const offset = number(last + 1 - 110 - 40);
        const file = thinned.fresh();
        const statement = round % 2 === 0 ? "UPDATE events SET data = data || ' '" : 'DELETE FROM events';
        const position = positionOf(file, offset);
        spoil(file, `${statement} WHERE position = ${position}`);
        const first = firstOf(verifyFileOf(file).problems);
        expect([first?.kind, first?.event?.position]).to.deep.equal([round % 2 === 0 ? 'altered' : 'missing', position]);
      }
    });

    it('sees that somebody altered a hash that a removed event left', () => {
      const file = thinned.fresh();
      spoil(file, 'UPDATE removed_leaves SET leaf = zeroblob(32) WHERE position = (SELECT min(position) FROM removed_leaves)');
      expect(verifyFileOf(file).problems).to.have.lengthOf(1);
    });

    it('sees that somebody called events expired that were not', () => {
      const file = thinned.fresh();
      spoil(file, "DELETE FROM events WHERE stream = (SELECT id FROM streams WHERE name = 'tunnel-a') AND revision = 0; UPDATE categories SET removed_before = 1000 WHERE name = ''");
      expect(firstOf(verifyFileOf(file).problems)?.kind).to.equal('missing');
    });
  });
});

/** Of the event that so many stand before. */
function positionOf(file: string, offset: number): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(database.prepare('SELECT position FROM events ORDER BY position LIMIT 1 OFFSET ?').get(offset)?.['position']);
  } finally {
    database.close();
  }
}

function leafAt(file: string, position: number): Digest {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [event] = createRecordedLeaves(database).events(position, position);
    if (event === undefined) throw new Error(`nothing is at ${position}`);
    return leafHash(event);
  } finally {
    database.close();
  }
}
