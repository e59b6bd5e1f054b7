import { expect } from 'chai';
import type { AgentReport, DomainEvent, EventDataByType } from '../../services/domain/events.ts';
import { openTestReadModel, type TestReadModel } from './read-model.ts';

const minute = (number: number) => `2026-01-31T12:${String(number).padStart(2, '0')}:00.000Z`;

const report: AgentReport = {
  node: 'host1',
  version: '1.2.0',
  protocolVersion: 1,
  platform: 'linux/arm64',
  engine: { name: 'docker', version: '29.0.1', apiVersion: '1.52' },
  swarm: null,
};

const created: EventDataByType['EnvironmentCreated'] = {
  at: minute(0),
  environmentId: 'a',
  name: 'Factory',
  address: 'homeport.example:9443',
  tunnelAddress: 'homeport.example:8000',
  tags: ['north', 'lab'],
  pollIntervalSeconds: 30,
  issuedEdgeId: 'issued',
  requireIssuedEdgeId: false,
  joinTokenVersion: 1,
};

const environmentCreated: DomainEvent = { type: 'EnvironmentCreated', data: created };
const agentAssociated: DomainEvent = {
  type: 'AgentAssociated',
  data: { at: minute(1), environmentId: 'a', edgeId: 'brought', issued: false, node: 'host1', address: '192.0.2.1' },
};

function agentSeen(at: string, instanceId: string, address = '192.0.2.1', changes: Partial<AgentReport> = {}): DomainEvent {
  return { type: 'AgentSeen', data: { at, environmentId: 'a', instanceId, address, report: { ...report, ...changes } } };
}

function agentPolled(at: string, instanceId: string, sequence: number, node = 'host1'): DomainEvent {
  return { type: 'AgentPolled', data: { at, environmentId: 'a', node, instanceId, sequence } };
}

describe('an environment, as its events tell it', () => {
  let model: TestReadModel;
  beforeEach(() => {
    model = openTestReadModel();
    model.apply(environmentCreated);
  });
  afterEach(() => model.close());

  it('is shown in full once it is created', () => {
    expect(model.see('a')).to.deep.equal({
      id: 'a',
      name: 'Factory',
      status: 'unassociated',
      address: 'homeport.example:9443',
      tunnelAddress: 'homeport.example:8000',
      issuedEdgeId: 'issued',
      edgeId: null,
      barredEdgeIds: [],
      tags: ['north', 'lab'],
      platform: null,
      createdAt: minute(0),
      pollIntervalSeconds: 30,
      association: { state: 'unassociated', at: null, addresses: [], duplicates: [], lastRejected: null },
      heartbeat: { state: 'never', lastPolledAt: null, lastFailure: null },
      agents: [],
      tunnel: { state: 'closed', since: null, openedAt: null, node: null, agentNode: null, lastFailure: null },
      tunnels: [],
      snapshot: null,
    });
  });

  it('is not there before, and not after it was removed, whatever polls still come', () => {
    expect(model.find('b')).to.equal(null);
    model.apply(agentAssociated, agentSeen(minute(2), 'i1'), { type: 'EnvironmentRemoved', data: { at: minute(3), environmentId: 'a' } });
    model.apply(agentPolled(minute(4), 'i1', 1), agentSeen(minute(5), 'i2'));
    expect(model.find('a')).to.equal(null);
    expect(model.database.prepare('SELECT count(*) AS n FROM agent_polls').get()?.['n']).to.equal(0);
    expect(model.database.prepare('SELECT count(*) AS n FROM agents').get()?.['n']).to.equal(0);
  });

  it('shows its new name, tags, addresses and poll interval', () => {
    model.apply(
      { type: 'EnvironmentRenamed', data: { at: minute(1), environmentId: 'a', name: 'Mill' } },
      { type: 'EnvironmentTagged', data: { at: minute(1), environmentId: 'a', tags: ['a "b"', 'c\nd'] } },
      { type: 'EnvironmentAddressChanged', data: { at: minute(1), environmentId: 'a', address: 'x:1', tunnelAddress: 'x:2' } },
      { type: 'PollIntervalChanged', data: { at: minute(1), environmentId: 'a', pollIntervalSeconds: null } },
    );
    expect(model.see('a')).to.deep.include({
      name: 'Mill',
      tags: ['a "b"', 'c\nd'],
      address: 'x:1',
      tunnelAddress: 'x:2',
      pollIntervalSeconds: null,
    });
  });

  it('shows which Edge ID is associated, since when and from where, before any poll', () => {
    model.apply(agentAssociated);
    const { status, edgeId, association, heartbeat } = model.see('a');
    expect({ status, edgeId }).to.deep.equal({ status: 'never', edgeId: 'brought' });
    expect(association).to.deep.equal({ state: 'associated', at: minute(1), addresses: ['192.0.2.1'], duplicates: [], lastRejected: null });
    expect(heartbeat.state).to.equal('never');
  });

  it('shows both addresses while two agents claim one identity, and is up again when one is gone', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1', '192.0.2.7'));
    const refused = { instanceId: 'i2', node: 'host2', address: '192.0.2.8' };
    model.apply({ type: 'DuplicateAgentDetected', data: { at: minute(3), environmentId: 'a', kept: { instanceId: 'i1', node: 'host1', address: '192.0.2.7' }, refused } });
    const { status, association, agents } = model.see('a');
    expect(status).to.equal('duplicate');
    expect(association.addresses).to.deep.equal(['192.0.2.7', '192.0.2.8']);
    expect(association.duplicates).to.deep.equal([{ node: 'host2', address: '192.0.2.8', at: minute(3) }]);
    expect(agents.map(({ address }) => address)).to.deep.equal(['192.0.2.7']);
    model.apply({ type: 'DuplicateAgentResolved', data: { at: minute(4), environmentId: 'a', refused, reason: 'refused-agent-gone' } });
    expect(model.see('a')).to.deep.include({ status: 'up' }).and.nested.property('association.duplicates').that.deep.equals([]);
  });

  it('forgets its agents when it is disassociated, and says which Edge ID is barred until it is allowed again', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1'), agentPolled(minute(2), 'i1', 1));
    model.apply({ type: 'AgentDisassociated', data: { at: minute(3), environmentId: 'a', edgeId: 'brought', issuedEdgeId: 'issued anew' } });
    const { status, edgeId, issuedEdgeId, barredEdgeIds, agents, association, heartbeat, platform } = model.see('a');
    expect({ status, edgeId, issuedEdgeId, barredEdgeIds, agents, platform }).to.deep.equal({
      status: 'unassociated',
      edgeId: null,
      issuedEdgeId: 'issued anew',
      barredEdgeIds: ['brought'],
      agents: [],
      platform: null,
    });
    expect(association).to.deep.include({ state: 'unassociated', at: null, addresses: [] });
    expect(heartbeat).to.deep.equal({ state: 'never', lastPolledAt: null, lastFailure: null });
    model.apply(agentPolled(minute(4), 'i1', 2));
    expect(model.see('a').heartbeat.lastPolledAt).to.equal(null);
    model.apply({ type: 'EdgeIdUnbarred', data: { at: minute(5), environmentId: 'a', edgeId: 'brought' } });
    expect(model.see('a').barredEdgeIds).to.deep.equal([]);
  });

  it('is up with the first sight of its agent, and shows what that reports', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1', '192.0.2.7'));
    const { status, platform, agents, association } = model.see('a');
    expect({ status, platform }).to.deep.equal({ status: 'up', platform: 'linux/arm64' });
    expect(agents).to.deep.equal([
      { node: 'host1', version: '1.2.0', engine: { name: 'docker', version: '29.0.1' }, address: '192.0.2.7', lastPolledAt: null, addressFailure: null },
    ]);
    expect(association.addresses).to.deep.equal(['192.0.2.7']);
  });

  it('shows an agent without an engine', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1', '192.0.2.7', { engine: null }));
    expect(model.see('a').agents[0]?.engine).to.equal(null);
  });

  it('goes down when its heartbeat is lost, whatever late polls say, and up when it is back', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1'));
    model.apply({ type: 'HeartbeatLost', data: { at: minute(3), environmentId: 'a', lastPolledAt: minute(2) } }, agentPolled(minute(2), 'i1', 1));
    expect(model.see('a').status).to.equal('down');
    model.apply(agentSeen(minute(4), 'i2'));
    expect(model.see('a').status).to.equal('down');
    model.apply({ type: 'HeartbeatRestored', data: { at: minute(4), environmentId: 'a', lostAt: minute(3) } });
    const { status, heartbeat } = model.see('a');
    expect(status).to.equal('up');
    expect(heartbeat).to.deep.equal({ state: 'up', lastPolledAt: minute(2), lastFailure: { reason: 'heartbeat-lost', at: minute(3) } });
  });

  it('shows when each agent and when any agent polled last', () => {
    const swarm = (nodeId: string) => ({ node: `host-${nodeId}`, swarm: { clusterId: 'c', nodeId, manager: true } });
    model.apply(agentAssociated, agentSeen(minute(2), 'i1', '192.0.2.1', swarm('n1')), agentSeen(minute(2), 'i2', '192.0.2.2', swarm('n2')));
    model.apply(agentPolled(minute(3), 'i1', 1, 'host-n1'), agentPolled(minute(5), 'i1', 2, 'host-n1'), agentPolled(minute(4), 'i2', 1, 'host-n2'));
    const { agents, heartbeat, association } = model.see('a');
    expect(agents.map(({ node, lastPolledAt }) => [node, lastPolledAt])).to.deep.equal([
      ['host-n1', minute(5)],
      ['host-n2', minute(4)],
    ]);
    expect(heartbeat.lastPolledAt).to.equal(minute(5));
    expect(association.addresses).to.deep.equal(['192.0.2.1', '192.0.2.2']);
  });

  it('knows its last poll from the hourly summary where the polls themselves have expired', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1'));
    const agents = [{ environmentId: 'a', node: 'host1', instanceId: 'i1', lastSequence: 60, count: 60, lastPolledAt: minute(50) }];
    model.apply({ type: 'PollsSummarised', data: { at: minute(59), shard: 3, from: minute(0), to: minute(59), agents } });
    expect(model.see('a').heartbeat.lastPolledAt).to.equal(minute(50));
    model.apply(agentPolled(minute(40), 'i1', 7));
    expect(model.see('a').heartbeat.lastPolledAt).to.equal(minute(50));
  });

  it('keeps its last poll when its agent is restarted, and one agent after its host was renamed or joined a Swarm', () => {
    model.apply(agentAssociated, agentSeen(minute(2), 'i1'), agentPolled(minute(3), 'i1', 1), agentSeen(minute(4), 'i2'));
    expect(model.see('a').heartbeat.lastPolledAt).to.equal(minute(3));
    model.apply(agentSeen(minute(5), 'i2', '192.0.2.1', { node: 'renamed' }));
    expect(model.see('a').agents.map(({ node }) => node)).to.deep.equal(['renamed']);
    model.apply(agentSeen(minute(6), 'i2', '192.0.2.1', { node: 'renamed', swarm: { clusterId: 'c', nodeId: 'n1', manager: true } }));
    model.apply(agentPolled(minute(7), 'i2', 1, 'renamed'));
    expect(model.see('a').agents).to.have.length(1);
    expect(model.see('a').agents[0]).to.include({ node: 'renamed', lastPolledAt: minute(7) });
  });

  it('shows the last refusal of an agent that claimed it, and no other', () => {
    const rejected = (environmentId: string | null, at: string): DomainEvent => ({
      type: 'PollRejected',
      data: { at, environmentId, reason: 'wrong-join-secret', address: '198.51.100.7', node: null },
    });
    model.apply(rejected('a', minute(1)), rejected(null, minute(2)), rejected('b', minute(3)));
    expect(model.see('a').association.lastRejected).to.deep.equal({ reason: 'wrong-join-secret', address: '198.51.100.7', at: minute(1) });
    model.apply(rejected('a', minute(4)));
    expect(model.see('a').association.lastRejected?.at).to.equal(minute(4));
  });

  it('says why it is not up: its agent was lost, or is refused since; a stranger that is refused says nothing of it', () => {
    const refused = (at: string, address: string): DomainEvent => ({ type: 'PollRejected', data: { at, environmentId: 'a', reason: 'token-rotated', address, node: null } });
    const lost: DomainEvent = { type: 'HeartbeatLost', data: { at: minute(4), environmentId: 'a', lastPolledAt: minute(3) } };
    const failure = () => model.see('a').heartbeat.lastFailure;
    model.apply(refused(minute(1), '192.0.2.7'));
    expect(failure(), 'never let in').to.deep.equal({ reason: 'token-rotated', at: minute(1) });
    model.apply(agentAssociated, agentSeen(minute(2), 'i1', '192.0.2.7'), refused(minute(3), '192.0.2.7'));
    expect(failure(), 'up').to.equal(null);
    model.apply(lost, refused(minute(5), '198.51.100.7'));
    expect(failure(), 'a stranger').to.deep.equal({ reason: 'heartbeat-lost', at: minute(4) });
    model.apply(refused(minute(6), '192.0.2.7'));
    expect(failure(), 'its agent').to.deep.equal({ reason: 'token-rotated', at: minute(6) });
    model.apply({ type: 'HeartbeatRestored', data: { at: minute(7), environmentId: 'a', lostAt: minute(6) } });
    expect(failure(), 'up again').to.deep.equal({ reason: 'heartbeat-lost', at: minute(4) });
  });

  describe('for a starting process', () => {
    const rows = () => model.database.prepare('SELECT instanceId, node, lastSequence, lastPolledAt FROM agent_polls ORDER BY instanceId').all();

    it('knows the last sequence of each instance, polls counted as lost included, in whatever order they were recorded', () => {
      model.apply(agentAssociated, agentSeen(minute(2), 'i1'), agentPolled(minute(5), 'i1', 9));
      model.apply({ type: 'PollsLost', data: { at: minute(6), environmentId: 'a', node: 'host1', instanceId: 'i1', from: 3, to: 8, count: 6 } });
      expect(rows()).to.deep.equal([{ instanceId: 'i1', node: 'host1', lastSequence: 9, lastPolledAt: minute(5) }].map(plain));
      model.apply({ type: 'PollsLost', data: { at: minute(7), environmentId: 'a', node: 'host1', instanceId: 'i1', from: 10, to: 12, count: 3 } });
      expect(rows()).to.deep.equal([{ instanceId: 'i1', node: 'host1', lastSequence: 12, lastPolledAt: minute(5) }].map(plain));
    });

    it('keeps an agent and its instance before, and forgets earlier ones', () => {
      model.apply(agentAssociated, agentSeen(minute(2), 'i1'), agentPolled(minute(2), 'i1', 4), agentSeen(minute(3), 'i2'));
      expect(rows().map(({ instanceId, lastSequence }) => [instanceId, lastSequence])).to.deep.equal([['i1', 4], ['i2', 0]]);
      model.apply(agentSeen(minute(4), 'i3'), agentPolled(minute(5), 'i1', 5));
      expect(rows().map(({ instanceId }) => instanceId)).to.deep.equal(['i2', 'i3']);
    });
  });
});

/** Rows of SQLite have no prototype; deep equality looks at it. */
function plain<Row extends object>(row: Row): Row {
  return Object.assign(Object.create(null) as Row, row);
}
