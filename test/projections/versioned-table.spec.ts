import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { forever, versionedTable } from '../../projections/versioned-table.ts';
import { createRandom } from './random-history.ts';

interface ThingRow {
  readonly owner: string;
  readonly part: string;
  readonly value: number | null;
}

const things = versionedTable<ThingRow>({ name: 'things', owner: 'owner', part: 'part', columns: { owner: 'TEXT', part: 'TEXT', value: 'INTEGER' } });

describe('a table of rows with validity ranges', () => {
  let database: DatabaseSync;
  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec(things.schema);
  });
  afterEach(() => database.close());

  const place = (ordinal: number) => ({ ordinal, recordedAtMs: ordinal * 10 });
  const versions = () =>
    database
      .prepare('SELECT value, fromOrdinal, toOrdinal, recordedFrom, recordedTo FROM things_versions ORDER BY fromOrdinal', { returnArrays: true })
      .all();

  it('has one version per change, none for an equal row, and one for all that one event changes', () => {
    const rows = things.open(database);
    const put = (value: number | null, ordinal: number) => rows.put({ owner: 'a', part: '', value }, place(ordinal));
    put(1, 1);
    put(1, 2);
    put(2, 3);
    put(3, 3);
    rows.write();
    rows.committed();
    put(null, 5);
    rows.end(place(7), 'a');
    rows.end(place(8), 'a');
    rows.write();
    rows.committed();
    put(4, 9);
    rows.write();
    expect(versions()).to.deep.equal([
      [1, 1, 3, 10, 30],
      [3, 3, 5, 30, 50],
      [null, 5, 7, 50, 70],
      [4, 9, forever, 90, forever],
    ]);
  });

  it('is the same for more rows than stay in memory', () => {
    const rows = things.open(database);
    const random = createRandom(1);
    const plain = new Map<string, Map<string, number>>();
    for (let ordinal = 1; ordinal <= 60_000; ordinal++) {
      const [owner, part] = [`o${String(random(15_000))}`, `p${String(random(2))}`];
      const mine = plain.get(owner) ?? new Map<string, number>();
      plain.set(owner, mine);
      if (rows.get(owner, part)?.value !== mine.get(part)) expect.fail(`${owner} ${part} is not as it was left`);
      if (random(4) === 0) {
        rows.end(place(ordinal), owner, part);
        mine.delete(part);
      } else {
        rows.put({ owner, part, value: random(3) }, place(ordinal));
        mine.set(part, rows.get(owner, part)?.value ?? -1);
      }
      if (ordinal % 5000 === 0) {
        rows.write();
        rows.committed();
      }
    }
    let count = 0;
    for (const [owner, mine] of plain) {
      if (rows.parts(owner).length !== mine.size) expect.fail(`${owner} has other parts than were left`);
      count += mine.size;
    }
    expect(database.prepare('SELECT count(*) AS n FROM things').get()?.['n']).to.equal(count);
    const overlaps = database.prepare(
      `SELECT count(*) AS n FROM things_versions a JOIN things_past b ON a.owner = b.owner AND a.part = b.part
        WHERE a.fromOrdinal > b.fromOrdinal AND a.fromOrdinal < b.toOrdinal`,
    );
    expect(overlaps.get()?.['n']).to.equal(0);
  });
});
