import { expect } from 'chai';
import { createRecentIds } from '../../../services/event-store/sqlite/recent-ids.ts';
import type { StreamHead } from '../../../services/event-store/sqlite/stream-heads.ts';

const head: StreamHead = { name: 'environment-1', expiringCategory: '', changedIn: 0, id: 1, revision: 0, tombstoned: false, metadata: undefined, softDeleted: false };

describe('the memory of recent event ids', () => {
  it('knows where each of the newest events stands, also when it was asked before', () => {
    const recent = createRecentIds(4);
    for (let revision = 0; revision < 10; revision += 1) {
      const { noted } = recent;
      recent.note(`id${revision}`, head, revision);
      if (revision % 3 === 0) expect(recent.find(`id${revision}`)).to.include({ revision, position: 0 });
      recent.place(noted, 100 + revision);
    }
    for (let revision = 0; revision < 6; revision += 1) expect(recent.find(`id${revision}`)).to.equal(undefined);
    for (let revision = 6; revision < 10; revision += 1) expect(recent.find(`id${revision}`)).to.include({ head, revision, position: 100 + revision });
  });

  it('gives a position to what was found before it had one', () => {
    const recent = createRecentIds(4);
    recent.note('a', head, 0);
    const found = recent.find('a');
    recent.place(0, 7);
    expect(found?.position).to.equal(7);
  });

  it('forgets what was rolled back, and nothing else', () => {
    const recent = createRecentIds(8);
    recent.note('a', head, 0);
    recent.place(0, 1);
    const { noted } = recent;
    recent.note('b', head, 1);
    expect(recent.find('b')).to.include({ revision: 1 });
    recent.note('c', head, 2);
    recent.forgetFrom(noted);
    expect([recent.find('a')?.revision, recent.find('b'), recent.find('c')]).to.deep.equal([0, undefined, undefined]);
    recent.note('c', head, 1);
    expect(recent.find('c')).to.include({ revision: 1 });
  });

  it('takes a batch larger than itself', () => {
    const recent = createRecentIds(3);
    for (let revision = 0; revision < 7; revision += 1) recent.note(`id${revision}`, head, revision);
    for (let number = 0; number < 7; number += 1) recent.place(number, number + 1);
    expect(recent.find('id6')).to.include({ revision: 6, position: 7 });
    expect(recent.find('id4')).to.include({ revision: 4, position: 5 });
    expect(recent.find('id3')).to.equal(undefined);
    recent.forgetFrom(0);
    expect(recent.find('id6')).to.equal(undefined);
  });
});
