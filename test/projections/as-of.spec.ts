/** The past, asked of running read models over a real log, against the events told one by one. */
import { expect } from 'chai';
import { join } from 'node:path';
import { createProjections } from '../../projections/open.ts';
import type { ContainerView, EnvironmentView, Projections } from '../../projections/port.ts';
import { openEventStore, type EmbeddedEventStore } from '../../services/event-store/open.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { appendHistory } from './append-history.ts';
import { collectLog } from './collected-log.ts';
import { createNaiveFold, type NaiveFold } from './naive-views.ts';
import { createRandom, takeHistory } from './random-history.ts';
import { temporaryFolder } from './read-model.ts';

const eventCount = 100_000;
const history = takeHistory({ seed: 61, environments: 30, pollPercent: 85, isMixed: true, snapshotPercent: 5 }, eventCount);

function recordedAtMs({ metadata }: RecordedEvent): number {
  return Date.parse((JSON.parse(metadata) as { recordedAt: string }).recordedAt);
}

const byId = (views: Iterable<EnvironmentView>) => [...views].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('the past of a random history of 100,000 events', function () {
  this.timeout(120_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EmbeddedEventStore;
  let projections: Projections;
  let log: RecordedEvent[];
  /** When each of them was recorded. */
  let recordedAt: number[];
  /** At 200 random instants, in their order, and what the events before the first one recorded later tell. */
  const instants: number[] = [];

  before(async () => {
    folder = temporaryFolder();
    store = await openEventStore({ dataDirectory: join(folder.path, 'data') });
    await appendHistory(store, history);
    projections = await createProjections({ eventStore: store, file: join(folder.path, 'read-models.db'), logger: collectLog().logger });
    log = [];
    for await (const page of store.readAll()) log.push(...page);
    recordedAt = log.map(recordedAtMs);
    await projections.whenCaughtUp();
    const random = createRandom(62);
    for (let count = 0; count < 200; count++) {
      const ms = recordedAt[random(log.length)];
      if (ms !== undefined) instants.push(ms + random(3) - 1);
    }
    instants.sort((a, b) => a - b);
  });
  after(async () => {
    await projections.close();
    await store.close();
    folder.remove();
  });

  /** Calls back with the naive fold as of each instant. */
  async function atEach(look: (atMs: number, fold: NaiveFold) => Promise<void>): Promise<void> {
    const fold = createNaiveFold();
    let taken = 0;
    let clock = 0;
    for (const atMs of instants) {
      let end = taken;
      for (; end < log.length; end++) {
        const ms = recordedAt[end];
        if (ms === undefined || Math.max(clock, ms) > atMs) break;
        clock = Math.max(clock, ms);
      }
      fold.take(log.slice(taken, end));
      taken = end;
      await look(atMs, fold);
    }
    expect(taken).to.be.greaterThan(eventCount / 2);
  }

  it('has every environment as it was, its tunnels, its snapshot and its last poll too', async () => {
    let seen = 0;
    await atEach(async (atMs, fold) => {
      const naive = byId(fold.views(true).values());
      const { items, total } = await projections.past.listEnvironments(atMs, { limit: 1000 });
      expect(items.flatMap(({ approximate }) => approximate)).to.deep.equal([]);
      expect(byId(items.map(({ environment }) => environment)), new Date(atMs).toISOString()).to.deep.equal(naive);
      expect(total).to.equal(naive.length);
      const [one] = naive;
      if (one !== undefined) expect((await projections.past.findEnvironment(atMs, one.id))?.environment).to.deep.equal(one);
      seen += naive.length;
    });
    expect(seen).to.be.greaterThan(5000);
  });

  it('has the fleet’s counts and the containers as they were', async () => {
    const random = createRandom(63);
    await atEach(async (atMs, fold) => {
      const views = [...fold.views(false).values()];
      const counted = (values: readonly (string | null)[]) => {
        const counts: Record<string, number> = {};
        for (const value of values) if (value !== null) counts[value] = (counts[value] ?? 0) + 1;
        return counts;
      };
      const counts = await projections.past.countFleet(atMs);
      expect(counts).to.deep.include({
        environments: views.length,
        byStatus: counted(views.map(({ status }) => status)),
        byPlatform: counted(views.map(({ platform }) => platform)),
        byVersion: counted(views.flatMap(({ agents }) => agents.map(({ version }) => version))),
      });
      if (random(4) > 0) return;
      const [state, image] = [['running', 'exited'][random(2)], ['NGINX', 'app'][random(2)]];
      const { items, total } = await projections.past.listContainers(atMs, { limit: 1000, ...(state && { state }), ...(image && { image }) });
      const naive = fold.containers().filter((one) => one.state === state && one.image.toLowerCase().includes(image?.toLowerCase() ?? ''));
      expect(sorted(items)).to.deep.equal(sorted(naive));
      expect(total).to.equal(naive.length);
    });
  });

  it('shows an operator the environments that have a granted tag now, as they were, whatever tags they had then', async () => {
    const present = (await projections.environments.list({ limit: 1000 })).items;
    // Few of all are looked up another way than many.
    const grants = [['t0'], ['north', 'a "quoted" one', 't1', 't2'], ['nobody has this one'], []].map((tagsInReach) => ({
      tagsInReach,
      ids: new Set(present.filter(({ tags }) => tags.some((tag) => tagsInReach.includes(tag))).map(({ id }) => id)),
    }));
    expect(grants.slice(0, 2).map(({ ids }) => ids.size)).to.satisfy(([few, many]: number[]) => (few ?? 0) > 0 && (many ?? 0) > 8);
    let [round, retagged] = [0, 0];
    await atEach(async (atMs, fold) => {
      const { tagsInReach, ids } = grants[++round % grants.length] ?? { tagsInReach: [], ids: new Set() };
      const views = [...fold.views(false).values()].filter(({ id }) => ids.has(id));
      retagged += views.filter(({ tags }) => !tags.some((tag) => tagsInReach.includes(tag))).length;
      const counts = await projections.past.countFleet(atMs, tagsInReach);
      expect(counts.environments).to.equal(views.length);
      expect(Object.values(counts.byVersion).reduce((sum, count) => sum + count, 0)).to.equal(views.flatMap(({ agents }) => agents).length);
      const open = views.flatMap(({ tunnel, tunnels }) => [tunnel, ...tunnels]).filter(({ state }) => state !== 'closed');
      expect(Object.values(counts.tunnels).reduce((sum, count) => sum + count, 0)).to.equal(open.length);
      const containers = await projections.past.listContainers(atMs, { limit: 1000, tagsInReach });
      expect(sorted(containers.items)).to.deep.equal(sorted(fold.containers().filter(({ environment }) => ids.has(environment.id))));
      if (round % 7 > 0) return;
      const { items, total } = await projections.past.listEnvironments(atMs, { limit: 5, tagsInReach });
      expect(items.every(({ environment }) => ids.has(environment.id))).to.equal(true);
      expect([items.length, total]).to.deep.equal([Math.min(5, views.length), views.length]);
    });
    expect(retagged).to.be.greaterThan(30);
  });

  it('ends in the present', async () => {
    const { items } = await projections.environments.list({ limit: 1000 });
    const past = await projections.past.listEnvironments(Date.now(), { limit: 1000 });
    expect(past.items.map(({ environment }) => environment)).to.deep.equal(items);
    expect(await projections.past.countFleet(Date.now())).to.deep.equal(await projections.fleet.counts());
    const containers = await projections.containers.list({ limit: 1000 });
    expect(await projections.past.listContainers(Date.now(), { limit: 1000 })).to.deep.equal(containers);
    expect(containers.total).to.be.greaterThan(20);
  });

  it('comes in pages, filtered and sorted as the present does', async () => {
    const atMs = instants[150] ?? 0;
    const all = (await projections.past.listEnvironments(atMs, { limit: 1000 })).items.map(({ environment }) => environment);
    const query = { status: 'up', sort: '-createdAt', limit: 3 } as const;
    const paged: EnvironmentView[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await projections.past.listEnvironments(atMs, { ...query, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.items.map(({ environment }) => environment));
      cursor = page.nextCursor;
    }
    const expected = all.filter(({ status }) => status === 'up').sort((a, b) => (`${a.createdAt} ${a.id}` < `${b.createdAt} ${b.id}` ? 1 : -1));
    expect(paged).to.deep.equal(expected);
    expect(paged.length).to.be.greaterThan(3);
  });

  it('is empty before anything was recorded', async () => {
    expect(await projections.past.listEnvironments(1, { limit: 10 })).to.deep.equal({ items: [], nextCursor: null, total: 0 });
    expect(await projections.past.findEnvironment(1, 'a')).to.equal(undefined);
    expect(await projections.past.findTunnel(1, 'a', null)).to.equal(undefined);
    expect((await projections.past.countFleet(1)).environments).to.equal(0);
  });
});

function sorted(containers: readonly ContainerView[]): ContainerView[] {
  const keyOf = ({ environment, node, id }: ContainerView) => `${environment.id} ${node ?? ''} ${id}`;
  return [...containers].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
