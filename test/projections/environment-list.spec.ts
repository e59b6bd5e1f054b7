import { expect } from 'chai';
import { decodeCursor, encodeCursor, type EnvironmentSort, type ListPlace } from '../../projections/environments/list-place.ts';
import { listEnvironments } from '../../projections/environments/queries.ts';
import { isMarked } from '../../projections/environments/tag-sets.ts';
import type { EnvironmentListQuery, EnvironmentView } from '../../projections/port.ts';
import { naiveViews } from './naive-views.ts';
import { createRandom, takeHistory } from './random-history.ts';
import { openTestReadModel, recorded, type TestReadModel } from './read-model.ts';

const history = takeHistory({ seed: 21, environments: 120, pollPercent: 10, isMixed: true }, 3000);

function hasTunnel(one: EnvironmentView, state: NonNullable<EnvironmentListQuery['tunnel']>): boolean {
  const states = [one.tunnel, ...one.tunnels].map((tunnel) => tunnel.state);
  return state === 'closed' ? states.every((each) => each === 'closed') : states.includes(state);
}

describe('the list of environments', () => {
  let model: TestReadModel;
  let everything: readonly EnvironmentView[];
  let list: ReturnType<typeof listEnvironments.prepare>;

  before(() => {
    model = openTestReadModel();
    model.commit(recorded(history));
    list = listEnvironments.prepare(model.database);
    const folded = (name: string) => name.toLowerCase();
    everything = [...naiveViews(history, true).values()].sort((a, b) =>
      Buffer.compare(Buffer.from(`${folded(a.name)}\0${a.id}`), Buffer.from(`${folded(b.name)}\0${b.id}`)),
    );
  });
  after(() => model.close());

  function expected({ ids, search, status, tag, platform, tunnel, tagsInReach }: Partial<EnvironmentListQuery>): readonly EnvironmentView[] {
    return everything.filter(
      (one) =>
        (ids === undefined || ids.includes(one.id)) &&
        (search === undefined || one.name.toLowerCase().includes(search.toLowerCase())) &&
        (status === undefined || one.status === status) &&
        (tag === undefined || one.tags.includes(tag)) &&
        (tagsInReach === undefined || one.tags.some((each) => tagsInReach.includes(each))) &&
        (platform === undefined || one.platform === platform) &&
        (tunnel === undefined || hasTunnel(one, tunnel)),
    );
  }

  /** All pages one after the other. */
  function allPages({ sort = 'name', ...query }: Omit<EnvironmentListQuery, 'cursor'>): { readonly items: readonly EnvironmentView[]; readonly totals: readonly number[] } {
    const items: EnvironmentView[] = [];
    const totals: number[] = [];
    let after: ListPlace | null = null;
    do {
      const page: ReturnType<typeof list> = list({ ...query, sort, after });
      expect(page.items.length).to.be.at.most(query.limit);
      items.push(...page.items);
      totals.push(page.total);
      after = page.next;
    } while (after !== null);
    return { items, totals };
  }

  it('is sorted by name whatever the case, in pages without gap or repeat, each with the total', () => {
    for (const limit of [1, 7, 50, 120, 1000]) {
      const { items, totals } = allPages({ limit });
      expect(items).to.deep.equal(everything);
      expect(new Set(totals)).to.deep.equal(new Set([everything.length]));
    }
  });

  it('is sorted by anything it can be sorted by, either way, filtered or not', () => {
    const keys: Readonly<Record<string, (one: EnvironmentView) => string>> = {
      name: () => '',
      status: ({ status }) => status,
      createdAt: ({ createdAt }) => createdAt,
      lastPolledAt: ({ heartbeat }) => heartbeat.lastPolledAt ?? '',
    };
    for (const [key, keyOf] of Object.entries(keys)) {
      for (const filters of [{}, { status: 'up' }, { platform: 'linux/amd64', search: 'r' }] as const) {
        // Of what is equal the ids tell; the list of all is sorted by name, then by id.
        const isByName = key === 'name' || key === 'status';
        const sorted = [...expected(filters)]
          .sort((a, b) => (isByName ? 0 : a.id < b.id ? -1 : 1))
          .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
        expect(sorted.length).to.be.greaterThan(10);
        for (const [sort, environments] of [[key, sorted], [`-${key}`, sorted.toReversed()]] as [EnvironmentSort, EnvironmentView[]][]) {
          const ids = allPages({ ...filters, sort, limit: 13 }).items.map(({ id }) => id);
          expect(ids, sort).to.deep.equal(environments.map(({ id }) => id));
        }
      }
    }
  });

  it('shows by each filter, and by any together, what a look at all environments finds', () => {
    const random = createRandom(5);
    const maybe = <Value>(values: readonly Value[]): Value | undefined => (random(2) === 0 ? undefined : values[random(values.length)]);
    let found = 0;
    for (let round = 0; round < 150; round++) {
      const [search, status] = [maybe(['FACT', 'ähre', 'ÄHRE 1', 'r 1', '%', '9']), maybe(['up', 'down', 'never', 'unassociated', 'duplicate'] as const)];
      const [tag, platform] = [maybe(['north', 'nort', 'a "quoted" one', 'line\nbreak', 'a', 't1']), maybe(['linux/arm64', 'linux/amd64', 'linux'])];
      const ids = round % 4 === 0 ? everything.filter((_, index) => index % 3 === 0).map(({ id }) => id) : undefined;
      const tagsInReach = round % 5 === 0 ? [['north', 'a "quoted" one'], ['t1'], []][(round / 5) % 3] : undefined;
      const tunnel = maybe(['open', 'required', 'closed', undefined, undefined] as const);
      const filters = {
        ...(tunnel !== undefined && { tunnel }),
        ...(ids !== undefined && { ids: [...ids, 'nobody'] }),
        ...(search !== undefined && { search }),
        ...(status !== undefined && { status }),
        ...(tag !== undefined && { tag }),
        ...(platform !== undefined && { platform }),
        ...(tagsInReach !== undefined && { tagsInReach }),
      };
      const { items, totals } = allPages({ ...filters, limit: 1 + random(30) });
      expect(items, JSON.stringify(filters)).to.deep.equal(expected(filters));
      expect(totals[0]).to.equal(items.length);
      const offset = random(items.length + 5);
      const there = list({ ...filters, sort: 'name', after: null, limit: 7, offset });
      expect(there.items).to.deep.equal(items.slice(offset, offset + 7));
      expect(there.total).to.equal(items.length);
      found += items.length;
    }
    expect(found).to.be.greaterThan(400);
  });

  it('goes on where a page ended, also where that environment is gone meanwhile', () => {
    const first = list({ limit: 10, sort: 'name', after: null });
    const last = first.items.at(-1);
    if (last === undefined || first.next === null) throw new Error('the list is too short');
    const other = openTestReadModel();
    const removed = { type: 'EnvironmentRemoved', data: JSON.stringify({ at: last.createdAt, environmentId: last.id }) };
    const end = recorded([...history, { ...removed, id: 'removal', metadata: '{}', stream: `environment-${last.id}` }]);
    other.commit(end);
    const second = listEnvironments.prepare(other.database)({ limit: 10, sort: 'name', after: first.next });
    expect(second.items.map(({ id }) => id)).to.deep.equal(everything.slice(10, 20).map(({ id }) => id));
    other.close();
  });

  it('reads what it filters by from an index alone', () => {
    const sources = [
      { index: 'environments_by_name', order: 'nameFolded, environmentId' },
      { index: 'environments_by_status', order: 'nameFolded, environmentId', status: 'down' },
      { index: 'last_polls_by_time', order: 'lastPolledAt, environmentId' },
    ];
    for (const { index, order, status } of sources) {
      const table = index.replace(/_by_.*/, '');
      const filters = `${status === undefined ? 'true' : `status = '${status}'`} AND ${isMarked('tags')} AND platform = 'p' AND instr(nameFolded, 'x') > 0`;
      const plan = model.database
        .prepare(`EXPLAIN QUERY PLAN SELECT environmentId FROM ${table} INDEXED BY ${index} WHERE ${filters} ORDER BY ${order} LIMIT 50`)
        .all({ tags: new Uint8Array(1) })
        .map(({ detail }) => String(detail));
      expect(plan[0]).to.match(new RegExp(`^(SCAN|SEARCH) ${table} USING COVERING INDEX ${index}`));
      expect(plan.some((step) => step.includes('TEMP B-TREE'))).to.equal(false);
    }
  });

  it('takes back the cursors it gave, and no other text', () => {
    const place: ListPlace = { sort: 'name', keys: ['ähre "1"', 'a'] };
    expect(decodeCursor(encodeCursor(place), 'name')).to.deep.equal(place);
    const texts = ['', 'nonsense', ...['{}', '["a"]', '["name","a",1]', '["name","a"]', '["-name","a","b"]'].map((text) => Buffer.from(text).toString('base64url'))];
    for (const text of texts) expect(() => decodeCursor(text, 'name'), text).to.throw(RangeError);
    expect(() => decodeCursor(encodeCursor(place), 'status')).to.throw(RangeError);
  });
});
