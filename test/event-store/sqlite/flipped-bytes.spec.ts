/** One byte of the file is another one: verification finds it wherever it means anything. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { contentOf, copiesOfLog, fillLog, seededNumbers, verifyFileOf, type LogCopies } from './log-copies.ts';
import { openTestLog } from './open-log.ts';

const pageBytes = 4096;

/** Header bytes that say nothing about what is recorded: https://www.sqlite.org/fileformat2.html. */
const meaninglessHeader: ReadonlySet<number> = new Set([
  // The schema cookie, which only has to change when the schema does; the user's and the application's numbers are checked.
  ...[40, 41, 42, 43],
  // Which version of SQLite wrote last.
  ...[96, 97, 98, 99],
]);

describe('a flipped byte in the log’s file', () => {
  let copies: LogCopies;
  let original: Buffer;
  let content: string | undefined;
  let freePages: ReadonlySet<number>;

  before(async () => {
    copies = await copiesOfLog(30, async (log) => {
      await log.store.maintenance.expire({ category: 'polls', keepEvents: 50 });
      await log.store.setStreamMetadata('environment-b', { maxCount: 30 });
      await log.store.maintenance.scavenge();
    });
    const file = copies.fresh();
    original = readFileSync(file);
    content = contentOf(file);
    freePages = freePagesOf(file);
  });
  after(async () => {
    await copies.remove();
  });

  /** Whether it is found; where it is not, everything that can be read is as it was. */
  const isFound = (offset: number, change: number): boolean => {
    const spoilt = Buffer.from(original);
    spoilt[offset] = (spoilt[offset] ?? 0) ^ change;
    const file = copies.fresh(spoilt);
    if (verifyFileOf(file).problems.length > 0) return true;
    expect(contentOf(file), `byte ${offset} ^ ${change}`).to.equal(content);
    return false;
  };

  it('is found in the header, but for what means nothing', () => {
    const number = seededNumbers(1);
    const unfound = Array.from({ length: 100 }, (_, offset) => offset).filter((offset) => !isFound(offset, 1 + number(255)));
    expect(unfound.filter((offset) => !meaninglessHeader.has(offset))).to.deep.equal([]);
  });

  it('is found on every page wherever anything can be read of it', function () {
    this.timeout(60_000);
    const number = seededNumbers(2);
    const found = { used: 0, free: 0 };
    const tried = { used: 0, free: 0 };
    for (let page = 0; page < original.length / pageBytes; page += 1) {
      for (let round = 0; round < 8; round += 1) {
        const where = freePages.has(page + 1) ? 'free' : 'used';
        tried[where] += 1;
        if (isFound(page * pageBytes + number(pageBytes), 1 + number(255))) found[where] += 1;
      }
    }
    // Unused room on used pages holds nothing; a test that found nothing would have looked at nothing.
    expect(found.used).to.be.greaterThan(tried.used / 3);
  });

  it('is found in every byte of an event, of what proves it, and of its index', function () {
    this.timeout(60_000);
    const database = new DatabaseSync(copies.fresh(), { readOnly: true });
    const id = String(database.prepare('SELECT id FROM events WHERE position = 1').get()?.['id']);
    const root = database.prepare('SELECT root FROM event_groups WHERE first_position = 1').get()?.['root'] as Uint8Array;
    const name = String(database.prepare('SELECT name FROM streams WHERE id = 1').get()?.['name']);
    database.close();
    const number = seededNumbers(9);
    for (const sought of [Buffer.from(id), Buffer.from(root), Buffer.from(name)]) {
      // Free room may still hold what once was there; one place is where it is.
      const places = occurrences(original, sought);
      const isWhole = places.some((at) => sought.every((_byte, index) => isFound(at + index, 1 + number(255))));
      expect(isWhole).to.equal(true);
    }
  });
});

describe('a flipped byte in the write-ahead log', () => {
  it('is found in every frame that counts, where SQLite would take the log’s end for its end', async function () {
    this.timeout(60_000);
    const log = await openTestLog();
    try {
      await fillLog(log, 12);
      const copy = join(log.dataDirectory, 'copy.db');
      const wal = readFileSync(`${log.file}-wal`);
      const write = (bytes: Buffer): string => {
        rmSync(`${copy}-shm`, { force: true });
        copyFileSync(log.file, copy);
        writeFileSync(`${copy}-wal`, bytes);
        return copy;
      };
      expect(verifyFileOf(write(wal)).problems).to.deep.equal([]);
      const number = seededNumbers(3);
      const offsets = [...Array.from({ length: 32 }, (_, offset) => offset), ...Array.from({ length: 200 }, () => number(wal.length))];
      for (const offset of offsets) {
        const spoilt = Buffer.from(wal);
        spoilt[offset] = (spoilt[offset] ?? 0) ^ (1 + number(255));
        const { problems } = verifyFileOf(write(spoilt));
        expect(problems.map(({ kind }) => kind), `byte ${offset}`).to.include('file');
      }
    } finally {
      await log.remove();
    }
  });

  it('is not taken for damage where a server is writing just then', async () => {
    const log = await openTestLog();
    try {
      const ending = new AbortController();
      const writing = (async () => {
        for (let round = 0; !ending.signal.aborted; round += 1) await log.store.append('environment-a', [{ id: crypto.randomUUID(), type: 'Written', data: `{"round":${round}}`, metadata: '{}' }], { expectedRevision: round === 0 ? 'no-stream' : round - 1 });
      })();
      for (let round = 0; round < 20; round += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        expect(verifyFileOf(log.file).problems).to.deep.equal([]);
      }
      ending.abort();
      await writing;
    } finally {
      await log.remove();
    }
  });
});

function occurrences(bytes: Buffer, sought: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + 1)) places.push(at);
  return places;
}

/** Pages on SQLite's list of free ones: what is on them is nobody's. */
function freePagesOf(file: string): ReadonlySet<number> {
  const bytes = readFileSync(file);
  const pages = new Set<number>();
  for (let trunk = bytes.readUInt32BE(32); trunk !== 0; ) {
    const at = (trunk - 1) * pageBytes;
    for (let leaf = 0; leaf < bytes.readUInt32BE(at + 4); leaf += 1) pages.add(bytes.readUInt32BE(at + 8 + 4 * leaf));
    trunk = bytes.readUInt32BE(at);
  }
  return pages;
}
