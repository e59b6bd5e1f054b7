/** What running read models say of their commits. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Change } from '../../../projections/changes/change.ts';
import { createProjections } from '../../../projections/open.ts';
import type { Projections } from '../../../projections/port.ts';
import type { DomainEvent } from '../../../services/domain/events.ts';
import { openEventStore, type EmbeddedEventStore } from '../../../services/event-store/open.ts';
import type { Position } from '../../../services/event-store/port.ts';
import { eventually } from '../../support/eventually.ts';
import { collectLog } from '../collected-log.ts';
import { temporaryFolder } from '../read-model.ts';

const at = '2026-01-31T12:00:00.000Z';

function created(environmentId: string): DomainEvent {
  const rest = { address: 'x:1', tunnelAddress: 'x:2', tags: [], pollIntervalSeconds: null, issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1 };
  return { type: 'EnvironmentCreated', data: { at, environmentId, name: `Environment ${environmentId}`, ...rest } };
}

function polled(environmentId: string, sequence: number): DomainEvent {
  return { type: 'AgentPolled', data: { at, environmentId, node: 'host', instanceId: 'i', sequence } };
}

describe('the changes of running read models', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EmbeddedEventStore;
  let projections: Projections;

  beforeEach(async () => {
    folder = temporaryFolder();
    store = await openEventStore({ dataDirectory: join(folder.path, 'data') });
    await append('environment-a', created('a'));
    projections = await open();
  });
  afterEach(async () => {
    await projections.close();
    await store.close();
    folder.remove();
  });

  async function open(): Promise<Projections> {
    const opened = await createProjections({ eventStore: store, file: join(folder.path, 'read-models.db'), logger: collectLog().logger, pollFoldMs: 10 });
    await opened.whenCaughtUp();
    return opened;
  }

  async function append(stream: string, ...events: readonly DomainEvent[]): Promise<Position> {
    const appended = events.map(({ type, data }) => ({ id: randomUUID(), type, data: JSON.stringify(data), metadata: JSON.stringify({ recordedAt: at }) }));
    return (await store.append(stream, appended, { expectedRevision: 'any' })).position;
  }

  /** What was told after a sequence, once the position is applied. */
  async function since(sequence: number, position: Position): Promise<readonly Change[] | undefined> {
    expect(await projections.whenApplied(position, 5_000)).to.equal(true);
    return eventually('the changes', () => (projections.changes.now().position === position ? { told: projections.changes.since(sequence) } : undefined)).then(({ told }) => told);
  }

  it('are told once whoever asks is shown them', async () => {
    const seen: Promise<string | undefined>[] = [];
    projections.changes.onCommitted(() => seen.push(projections.environments.find('a').then((view) => view?.name)));
    const before = projections.changes.now();
    const position = await append('environment-a', { type: 'EnvironmentRenamed', data: { at, environmentId: 'a', name: 'Renamed' } });
    expect(await since(before.sequence, position)).to.deep.equal([{ kind: 'environment', environmentId: 'a', types: ['EnvironmentRenamed'] }]);
    expect(await seen[0]).to.equal('Renamed');
  });

  it('say what they are about: environments, tunnels of nodes, accounts; nothing of bookkeeping', async () => {
    const { sequence } = projections.changes.now();
    await append('environment-a', { type: 'HeartbeatLost', data: { at, environmentId: 'a', lastPolledAt: null } }, { type: 'HeartbeatRestored', data: { at, environmentId: 'a', lostAt: at } });
    await append('tunnel-a_n1', { type: 'TunnelRequired', data: { at, environmentId: 'a', node: 'n1' } });
    await append('tunnel-a', { type: 'TunnelRequired', data: { at, environmentId: 'a', node: null } });
    await append('refusals-cp', { type: 'PollRejected', data: { at, environmentId: 'a', reason: 'wrong-join-secret', address: '192.0.2.1', node: null } });
    await append('user-u1', { type: 'UserRemoved', data: { at, userId: 'u1' } });
    const position = await append('retention-cp', { type: 'PollsExpired', data: { at, count: 1, before: at, limit: null } });
    expect(await since(sequence, position)).to.deep.equal([
      { kind: 'heartbeat', environmentId: 'a', types: ['HeartbeatLost', 'HeartbeatRestored'] },
      { kind: 'tunnel', environmentId: 'a', node: 'n1', types: ['TunnelRequired'] },
      { kind: 'tunnel', environmentId: 'a', node: null, types: ['TunnelRequired'] },
      { kind: 'refusal', environmentId: 'a', types: ['PollRejected'] },
      { kind: 'account', environmentId: null, userId: 'u1', types: ['UserRemoved'] },
    ]);
  });

  it('tell of polls only where somebody watches the environment, also after the read models began again', async () => {
    const { sequence } = projections.changes.now();
    expect(await since(sequence, await append('polls-cp_1', polled('a', 1), polled('b', 1)))).to.deep.equal([]);
    const ways = [projections.changes.watchPolls(['b']), projections.changes.watchPolls(['b'])];
    expect(await since(sequence, await append('polls-cp_1', polled('a', 2), polled('b', 2), polled('b', 3)))).to.deep.equal([{ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] }]);
    ways[0]?.();
    await projections.rebuild();
    const { sequence: rebuilt } = projections.changes.now();
    expect(await since(rebuilt, await append('polls-cp_1', polled('b', 4)))).to.deep.equal([{ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] }]);
    ways[1]?.();
    expect(await since(projections.changes.now().sequence, await append('polls-cp_1', polled('b', 5)))).to.deep.equal([]);
  });

  it('go on from a position that was told, and from none that is not remembered', async () => {
    const { changes } = projections;
    const first = await append('environment-b', created('b'));
    await since(0, first);
    const second = await append('environment-c', created('c'));
    await since(0, second);
    const mark = changes.markAt(first);
    expect(mark && changes.since(mark.sequence)).to.deep.equal([{ kind: 'environment', environmentId: 'c', types: ['EnvironmentCreated'] }]);
    expect(changes.markAt(second)).to.deep.equal(changes.now());
    for (const unknown of ['no position', '999999']) expect(changes.markAt(unknown), unknown).to.equal(undefined);
    // Another process remembers nothing but where it began.
    await projections.close();
    projections = await open();
    expect(projections.changes.markAt(first)).to.equal(undefined);
    expect(projections.changes.markAt(second)).to.deep.equal(projections.changes.now());
  });

  it('are not told one by one where thousands come at once', async () => {
    const { sequence } = projections.changes.now();
    for (let batch = 0; batch < 20; batch += 1) {
      const refusals = Array.from({ length: 500 }, (_, index): DomainEvent => ({ type: 'PollRejected', data: { at, environmentId: `m${batch * 500 + index}`, reason: 'wrong-join-secret', address: '192.0.2.1', node: null } }));
      await append('refusals-cp', ...refusals);
    }
    await projections.whenCaughtUp();
    expect(await eventually('the changes to be forgotten', () => (projections.changes.since(sequence) === undefined ? 'forgotten' : undefined))).to.equal('forgotten');
  });
});
