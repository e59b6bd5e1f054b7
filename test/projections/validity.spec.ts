import { expect } from 'chai';
import type { DatabaseSync } from 'node:sqlite';
import { isMarkedEnvironment } from '../../projections/environments/present-tags.ts';
import { findEnvironment } from '../../projections/environments/queries.ts';
import { environmentRows, type AgentRow, type EnvironmentRow, type RejectionRow } from '../../projections/environments/rows.ts';
import { environmentView } from '../../projections/environments/view.ts';
import type { EnvironmentView } from '../../projections/port.ts';
import type { TunnelRow } from '../../projections/tunnels/rows.ts';
import { tunnelView } from '../../projections/tunnels/view.ts';
import { naiveViews } from './naive-views.ts';
import { createRandom, takeHistory } from './random-history.ts';
import { allRows } from '../support/read-model-rows.ts';
import { openTestReadModel, recorded, type TestReadModel } from './read-model.ts';

const history = takeHistory({ seed: 7, environments: 25, pollPercent: 40, isMixed: true }, 4000);
const log = recorded(history);

/** Commits the log in batches of random sizes. */
function commitInBatches(model: TestReadModel, seed: number, largest: number): void {
  const random = createRandom(seed);
  for (let from = 0; from < log.length; ) {
    const to = from + 1 + random(largest);
    model.commit(log.slice(from, to));
    from = to;
  }
}

/** The rows whose range meets a condition, put together as views. */
function viewsWhere(database: DatabaseSync, condition: string, at: number): Map<string, EnvironmentView> {
  const rows = (table: string) => database.prepare(`SELECT * FROM ${table}_versions WHERE ${condition}`).all(at, at);
  const agents = rows('agents') as unknown as AgentRow[];
  const rejections = rows('rejections') as unknown as RejectionRow[];
  const tunnels = rows('tunnels') as unknown as TunnelRow[];
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return new Map(
    (rows('environments') as unknown as EnvironmentRow[]).map((environment) => {
      const isMine = ({ environmentId }: { readonly environmentId: string }) => environmentId === environment.environmentId;
      const view = environmentView({
        environment,
        agents: agents
          .filter(isMine)
          .map((agent) => ({ ...agent, lastPolledAt: null }))
          .sort((a, b) => order(a.node, b.node) || order(a.agentKey, b.agentKey)),
        rejection: rejections.find(isMine),
        tunnels: tunnels.filter(isMine).sort((a, b) => order(a.nodeKey, b.nodeKey)).map(tunnelView),
        snapshot: null,
      });
      return [environment.environmentId, view];
    }),
  );
}

const byId = (views: ReadonlyMap<string, EnvironmentView>) => [...views].sort(([a], [b]) => (a < b ? -1 : 1));

describe('read models over a history of thousands of events', () => {
  let live: TestReadModel;

  before(() => {
    live = openTestReadModel();
    commitInBatches(live, 1, 40);
  });
  after(() => live.close());

  it('show every environment as the events, told one by one, leave it', () => {
    const find = findEnvironment.prepare(live.database);
    const naive = naiveViews(history, true);
    expect(naive.size).to.be.greaterThan(20);
    for (const [environmentId, view] of naive) expect(find({ environmentId })).to.deep.equal(view);
    const { count } = live.database.prepare('SELECT count(*) AS count FROM environments').get() ?? {};
    expect(count).to.equal(naive.size);
  });

  it('have the same rows however the events fell into batches', () => {
    const rows = allRows(live.database);
    for (const largest of [1, log.length, 700]) {
      const replayed = openTestReadModel();
      commitInBatches(replayed, largest, largest);
      expect(allRows(replayed.database)).to.deep.equal(rows);
      replayed.close();
    }
  });

  it('keep for each position the rows that were valid at it', () => {
    const random = createRandom(3);
    for (let round = 0; round < 40; round++) {
      const ordinal = 1 + random(log.length);
      const rows = viewsWhere(live.database, 'fromOrdinal <= ? AND toOrdinal > ?', ordinal);
      expect(byId(rows)).to.deep.equal(byId(naiveViews(history.slice(0, ordinal), false)));
    }
  });

  it('keep for each instant the rows of all events before the first one recorded after it', () => {
    const random = createRandom(4);
    const instants = history.map(({ metadata }) => Date.parse((JSON.parse(metadata) as { recordedAt: string }).recordedAt));
    for (let round = 0; round < 40; round++) {
      const instant = (instants[random(instants.length)] ?? 0) + random(3) - 1;
      const end = instants.findIndex((recordedAt) => recordedAt > instant);
      const rows = viewsWhere(live.database, 'recordedFrom <= ? AND recordedTo > ?', instant);
      expect(byId(rows)).to.deep.equal(byId(naiveViews(history.slice(0, end === -1 ? undefined : end), false)));
    }
  });

  it('find one environment of the past by a seek, and all of them by what was still valid', () => {
    const plan = (condition: string) =>
      live.database
        .prepare(`EXPLAIN QUERY PLAN SELECT status FROM ${environmentRows.asOf} WHERE ${condition}`)
        .all({ asOf: 0, ...(condition.includes(':id') ? { id: 'a' } : {}), ...(condition.includes(':reach') ? { reach: new Uint8Array(1) } : {}) })
        .map(({ detail }) => String(detail))
        .filter((detail) => detail.includes('environments_past'));
    expect(plan('environmentId = :id')).to.deep.equal(['SEARCH environments_past USING INDEX environments_past_by_key (environmentId=? AND recordedFrom<?)']);
    for (const all of ['true', isMarkedEnvironment('reach')]) expect(plan(all)).to.deep.equal(['SEARCH environments_past USING COVERING INDEX environments_past_by_end (recordedTo>?)']);
  });

  it('write no version for a poll', () => {
    const versions = () => live.database.prepare('SELECT (SELECT count(*) FROM agents_versions) + (SELECT count(*) FROM environments_versions) AS n').get();
    const model = openTestReadModel();
    const decisions = log.filter(({ type }) => type !== 'AgentPolled');
    model.commit(decisions);
    const { n } = model.database.prepare('SELECT (SELECT count(*) FROM agents_versions) + (SELECT count(*) FROM environments_versions) AS n').get() ?? {};
    expect(versions()?.['n']).to.equal(n);
    model.close();
  });
});
