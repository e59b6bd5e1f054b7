/** The fleet's counts over time, as the events tell them. */
import { expect } from 'chai';
import { fleetHistory } from '../../projections/fleet/queries.ts';
import type { SeriesAsked } from '../../projections/fleet/series.ts';
import type { FleetHistory } from '../../projections/port.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import { openTestReadModel, type TestReadModel } from './read-model.ts';

const start = Date.UTC(2026, 0, 1) / 1000;
const [minute, hour, day] = [60, 3600, 86_400];
const at = (seconds: number): string => new Date((start + seconds) * 1000).toISOString();

function joined(environmentId: string, seconds: number): DomainEvent[] {
  const addresses = { address: 'x:1', tunnelAddress: 'x:2' };
  const report = { node: 'host', version: '1.0.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
  const data = { at: at(seconds), environmentId };
  return [
    { type: 'EnvironmentCreated', data: { ...data, name: environmentId, ...addresses, tags: [], pollIntervalSeconds: null, issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1 } },
    { type: 'AgentAssociated', data: { ...data, edgeId: 'e', issued: true, node: 'host', address: '192.0.2.1' } },
    { type: 'AgentSeen', data: { ...data, instanceId: `i${environmentId}`, address: '192.0.2.1', report } },
  ];
}

const lost = (environmentId: string, seconds: number): DomainEvent => ({ type: 'HeartbeatLost', data: { at: at(seconds), environmentId, lastPolledAt: null } });
const restored = (environmentId: string, seconds: number): DomainEvent => ({ type: 'HeartbeatRestored', data: { at: at(seconds), environmentId, lostAt: null } });

describe('the fleet over time', () => {
  let model: TestReadModel;
  beforeEach(() => {
    model = openTestReadModel();
  });
  afterEach(() => model.close());

  function history(asked: Partial<SeriesAsked> & Pick<SeriesAsked, 'from' | 'to' | 'now'>): FleetHistory {
    const { from, to, now } = asked;
    return fleetHistory.prepare(model.database)({ dimension: 'status', ...asked, from: start + from, to: start + to, now: start + now });
  }
  const upOf = ({ series }: FleetHistory) => series.find(({ value }) => value === 'up');

  it('has a point for each step, also where nothing changed, with the least and the most within it', () => {
    model.apply(...joined('a', 0), ...joined('b', minute));
    model.apply(lost('a', 5 * minute), restored('a', 5 * minute + 30), lost('b', 7 * minute));
    const shown = history({ from: 0, to: 9 * minute, now: 10 * minute });
    expect(shown).to.include({ by: 'status', stepSeconds: minute });
    expect(shown.at[5]).to.equal(at(5 * minute));
    expect(upOf(shown)).to.deep.equal({ value: 'up', last: [1, 2, 2, 2, 2, 2, 2, 1, 1], lowest: [0, 1, 2, 2, 2, 1, 2, 1, 1], highest: [1, 2, 2, 2, 2, 2, 2, 2, 1] });
  });

  it('begins with what was so before, however long nothing changed', () => {
    model.apply(...joined('a', 0));
    expect(upOf(history({ from: 40 * day, to: 40 * day + 3 * minute, now: 40 * day + hour }))?.last).to.deep.equal([1, 1, 1]);
    expect(upOf(history({ from: 400 * day, to: 403 * day, now: 800 * day }))?.last).to.deep.equal([1, 1, 1]);
  });

  it('is coarser the older it is, and still shows a short outage', () => {
    model.apply(...joined('a', 0), lost('a', day + hour), restored('a', day + hour + minute));
    // A change much later drops what is too fine for its age.
    model.apply(lost('a', 500 * day));
    const rows = (bucketSeconds: number) => model.database.prepare('SELECT count(*) AS n FROM fleet_counts WHERE bucketSeconds = ? AND startsAt < ?').get(bucketSeconds, start + 100 * day)?.['n'];
    expect([minute, 15 * minute, 6 * hour].map(rows)).to.deep.equal([0, 0, 0]);
    const old = history({ from: 0, to: 3 * day, now: 500 * day + hour });
    expect(old.stepSeconds).to.equal(day);
    expect(upOf(old)).to.deep.equal({ value: 'up', last: [1, 1, 1], lowest: [0, 0, 1], highest: [1, 1, 1] });
    const young = history({ from: 500 * day - hour, to: 500 * day + hour, now: 500 * day + hour, stepSeconds: 30 * minute });
    expect(upOf(young)?.last).to.deep.equal([1, 1, 0, 0]);
  });

  it('counts one event as one step: an agent that reports another version is not gone in between', () => {
    model.apply(...joined('a', 0));
    const report = { node: 'host', version: '1.1.0', protocolVersion: 1, platform: 'linux/arm64', engine: null, swarm: { clusterId: 'c', nodeId: 'n1', manager: true } };
    model.apply({ type: 'AgentSeen', data: { at: at(3 * minute), environmentId: 'a', instanceId: 'ia', address: '192.0.2.1', report } });
    const shown = history({ dimension: 'version', from: 2 * minute, to: 5 * minute, now: hour });
    expect(shown.series).to.deep.equal([
      { value: '1.0.0', last: [1, 0, 0], lowest: [1, 0, 0], highest: [1, 1, 0] },
      { value: '1.1.0', last: [0, 1, 1], lowest: [0, 0, 1], highest: [0, 1, 1] },
    ]);
  });
});
