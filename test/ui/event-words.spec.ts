/** Every event that is recorded has words of its own in the web UI's timeline. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { timelineKinds } from '../../projections/timeline/kinds.ts';
import { eventWords, wordsOf, type EventFields } from '../../web-gateway/ui/src/timeline/event-words.ts';

interface GoldenEvent {
  readonly type: string;
  readonly version: number;
  readonly data: EventFields;
}

const GOLDEN = new URL('../domain/golden/', import.meta.url);
const events = readdirSync(GOLDEN).map((file) => JSON.parse(readFileSync(new URL(file, GOLDEN), 'utf8')) as GoldenEvent);

describe('words for events', () => {
  it('are there for every type that is recorded, and for no other', () => {
    expect(Object.keys(eventWords).sort()).to.deep.equal(Object.keys(timelineKinds).sort());
  });

  it('say something of each event as it was recorded, whatever it leaves out', () => {
    expect(events.length).to.be.at.least(Object.keys(timelineKinds).length);
    for (const { type, data } of events) {
      for (const fields of [data, {}, Object.fromEntries(Object.keys(data).map((name) => [name, null]))]) {
        expect(wordsOf(type, fields), type).to.match(/^\S.{4,}$/).and.not.match(/undefined|null|\[object|NaN/);
      }
    }
  });

  it('say what it was before, where that is known, and in units that people use', () => {
    expect(wordsOf('PollIntervalChanged', { pollIntervalSeconds: 600 }, { pollIntervalSeconds: 5 })).to.equal('Poll interval changed from 5 s to 10 min');
    expect(wordsOf('PollIntervalChanged', { pollIntervalSeconds: null })).to.equal('Poll interval is now that of the settings');
    expect(wordsOf('EnvironmentRenamed', { name: 'north' }, { name: 'factory' })).to.equal('Renamed from factory to north');
    expect(wordsOf('EnvironmentTagged', { tags: ['a', 'b'] }, { tags: [] })).to.equal('Tags changed from none to a, b');
    expect(wordsOf('TunnelLost', { reason: 'server-restarted' })).to.equal('Tunnel lost: the server was restarted');
  });

  it('name the account that it is about, where that is known', () => {
    const grants = [{ tag: 'eu', access: 'full' }];
    expect(wordsOf('GrantChanged', { userId: 'u1', username: 'olga', grants })).to.equal('Grants of olga are now eu (full)');
    expect(wordsOf('GrantChanged', { userId: 'u1', grants })).to.equal('Grants are now eu (full)');
    expect(wordsOf('UserRemoved', { userId: 'u1', username: 'olga' })).to.equal('User olga removed');
  });

  it('are the type’s own where a newer server records what this page does not know', () => {
    expect(wordsOf('ShipCameHome', { at: 'x' })).to.equal('Ship came home');
    expect(wordsOf('toString', {})).to.equal('To string');
  });
});
