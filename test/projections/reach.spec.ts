/** What operators may know of while tags change, asked of one open file. */
import { expect } from 'chai';
import { listPastEnvironments } from '../../projections/environments/past-queries.ts';
import { countFleet } from '../../projections/fleet/queries.ts';
import { searchContainers } from '../../projections/snapshots/container-search.ts';
import { listTimeline } from '../../projections/timeline/queries.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import { openTestReadModel, type TestReadModel } from './read-model.ts';

const second = (number: number) => new Date(Date.UTC(2026, 0, 31, 12) + number * 1000).toISOString();
const created = (environmentId: string, at: string, tags: readonly string[]): DomainEvent => ({
  type: 'EnvironmentCreated',
  data: { at, environmentId, name: environmentId, address: 'x:1', tunnelAddress: 'x:2', tags: [...tags], pollIntervalSeconds: null, issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1 },
});
const tagged = (environmentId: string, at: string, tags: readonly string[]): DomainEvent => ({ type: 'EnvironmentTagged', data: { at, environmentId, tags: [...tags] } });
const container = { id: 'c', name: 'web', image: 'i', imageId: 'i', command: '', createdAt: null, state: 'running', health: null, exitCode: null, labels: {}, ports: [], mounts: [], networks: [], env: {} };
const taken = (environmentId: string, at: string): DomainEvent => ({
  type: 'SnapshotRecorded',
  data: { at, environmentId, node: null, hostname: 'host', hash: at, content: { engine: null, diskUse: null, containers: [container], images: [], volumes: [], networks: [], nodes: [], services: [], truncated: {}, failed: {} } },
});

/** As many as make one in reach few of all, and half of them many. */
const ids = Array.from({ length: 20 }, (_, index) => `e${String(index).padStart(2, '0')}`);

describe('what an operator may know of', () => {
  let model: TestReadModel;
  let ask: Record<'past' | 'counts' | 'pastCounts' | 'containers' | 'pastContainers' | 'timeline', (tagsInReach: readonly string[]) => readonly string[] | number>;

  before(() => {
    model = openTestReadModel();
    model.apply(...ids.map((id, index) => created(id, second(index), [index % 2 === 0 ? 'even' : 'odd', `own-${id}`])));
    model.apply(...ids.map((id, index) => taken(id, second(100 + index))));
    const [past, fleet, containers, timeline] = [listPastEnvironments, countFleet, searchContainers, listTimeline].map((query) => query.prepare(model.database)) as [
      ReturnType<typeof listPastEnvironments.prepare>, ReturnType<typeof countFleet.prepare>, ReturnType<typeof searchContainers.prepare>, ReturnType<typeof listTimeline.prepare>];
    const atMs = Date.parse(second(150));
    const idsOf = (items: readonly { readonly environment: { readonly id: string } }[]) => items.map(({ environment }) => environment.id).sort();
    ask = {
      past: (tagsInReach) => past({ atMs, tagsInReach, sort: 'name', after: null, limit: 100 }).items.map(({ environment }) => environment.environmentId),
      counts: (tagsInReach) => fleet({ tagsInReach }).environments,
      pastCounts: (tagsInReach) => fleet({ atMs, tagsInReach }).environments,
      containers: (tagsInReach) => idsOf(containers({ tagsInReach, after: null, limit: 100 }).items),
      pastContainers: (tagsInReach) => idsOf(containers({ atMs, tagsInReach, after: null, limit: 100 }).items),
      timeline: (tagsInReach) => [...new Set(timeline({ tagsInReach, order: 'asc', after: null, limit: 100 }).items.map(({ environmentId }) => environmentId ?? ''))],
    };
  });
  after(() => model.close());

  /** Whatever is asked, it is about these; the past and the containers of then know only what was there then. */
  function expectReach(tags: readonly string[], now: readonly string[], then: readonly string[] = now): void {
    for (const question of ['past', 'pastContainers'] as const) expect(ask[question](tags), question).to.deep.equal(then);
    expect(ask.pastCounts(tags)).to.equal(then.length);
    expect(ask.containers(tags)).to.deep.equal(then);
    expect(ask.counts(tags)).to.equal(now.length);
    expect(ask.timeline(tags)).to.deep.equal(now);
  }
  const even = ids.filter((_, index) => index % 2 === 0);

  it('is what has one of the tags', () => {
    expectReach(['even'], even);
    expectReach(['own-e07'], ['e07']);
    expectReach(['even', 'own-e07'], [...even, 'e07'].sort());
    expectReach(['none'], []);
    expectReach([], []);
  });

  it('follows each change of the tags, also for what was before it', () => {
    model.apply(tagged('e07', second(200), ['even']), tagged('e02', second(201), ['odd']));
    expectReach(['even'], [...even.filter((id) => id !== 'e02'), 'e07'].sort());
    expectReach(['own-e07'], []);
    model.apply(tagged('e03', second(202), ['own-e07']));
    expectReach(['own-e07'], ['e03']);
  });

  it('has what is new, without a past, and not what is gone, in no past either', () => {
    model.apply(created('f', second(210), ['even']), { type: 'EnvironmentRemoved', data: { at: second(211), environmentId: 'e04' } });
    const then = [...even.filter((id) => id !== 'e02' && id !== 'e04'), 'e07'].sort();
    expectReach(['even'], [...then, 'f'], then);
    model.apply({ type: 'EnvironmentRemoved', data: { at: second(212), environmentId: 'e03' } });
    expectReach(['own-e07'], []);
  });
});
