import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { createProjections, type ProjectionsOptions } from '../../projections/open.ts';
import { ProjectionsError, type EnvironmentView, type Projections, type RebuildProgress } from '../../projections/port.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import { openEventStore, type EmbeddedEventStore } from '../../services/event-store/open.ts';
import type { EventStore, Position, RecordedEvent } from '../../services/event-store/port.ts';
import { eventually } from '../support/eventually.ts';
import { appendHistory } from './append-history.ts';
import { collectLog, type CollectedLog } from './collected-log.ts';
import { naiveViews } from './naive-views.ts';
import { takeHistory } from './random-history.ts';
import { temporaryFolder } from './read-model.ts';

const at = '2026-01-31T12:00:00.000Z';
const history = takeHistory({ seed: 31, environments: 40, pollPercent: 50, isMixed: true }, 1200);

function created(environmentId: string, name = `Environment ${environmentId}`): DomainEvent {
  const addresses = { address: 'x:1', tunnelAddress: 'x:2' };
  const edge = { issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1 };
  return { type: 'EnvironmentCreated', data: { at, environmentId, name, ...addresses, tags: [], pollIntervalSeconds: null, ...edge } };
}

function agentSeen(environmentId: string, instanceId: string): DomainEvent {
  const report = { node: 'host', version: '1.0.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
  return { type: 'AgentSeen', data: { at, environmentId, instanceId, address: '192.0.2.1', report } };
}

/** The log as it is: events of different streams appended at once may stand in any order. */
async function readLog(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of store.readAll()) events.push(...page);
  return events;
}

async function naive(store: EventStore): Promise<EnvironmentView[]> {
  return byId(naiveViews(await readLog(store), true).values());
}

async function flat<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

const byId = (views: Iterable<EnvironmentView>) => [...views].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('the read models of a running system', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EmbeddedEventStore;
  let log: CollectedLog;
  let file: string;
  let running: Projections[];
  /** Of a group of tests that each find in it what those before them left. */
  let kept: { readonly store: EmbeddedEventStore; remove(): Promise<void> } | undefined;

  async function keepStore(): Promise<EmbeddedEventStore> {
    const { path, remove } = temporaryFolder();
    const store = await openEventStore({ dataDirectory: path });
    kept = {
      store,
      async remove() {
        kept = undefined;
        await store.close();
        remove();
      },
    };
    return store;
  }

  beforeEach(async () => {
    folder = temporaryFolder();
    store = kept?.store ?? (await openEventStore({ dataDirectory: join(folder.path, 'data') }));
    log = collectLog();
    file = join(folder.path, 'read-models.db');
    running = [];
  });
  afterEach(async () => {
    for (const projections of running) await projections.close();
    if (store !== kept?.store) await store.close();
    folder.remove();
  });

  async function open(options: Partial<ProjectionsOptions> = {}): Promise<Projections> {
    const projections = await createProjections({ eventStore: store, file, logger: log.logger, ...options });
    running.push(projections);
    return projections;
  }

  async function append(stream: string, ...events: readonly DomainEvent[]): Promise<Position> {
    const metadata = JSON.stringify({ recordedAt: at });
    const appended = events.map(({ type, data }) => ({ id: randomUUID(), type, data: JSON.stringify(data), metadata }));
    return (await store.append(stream, appended, { expectedRevision: 'any' })).position;
  }

  async function everything(projections: Projections): Promise<EnvironmentView[]> {
    const { items, nextCursor } = await projections.environments.list({ limit: 1000 });
    expect(nextCursor).to.equal(null);
    return byId(items);
  }

  describe('while it runs', () => {
    before(keepStore);
    after(() => kept?.remove());

    it('show a write as soon as its position is applied', async () => {
      const projections = await open();
      for (let index = 0; index < 20; index++) {
        const position = await append(`environment-a${String(index)}`, created(`a${String(index)}`));
        expect(await projections.whenApplied(position, 5000)).to.equal(true);
        expect(await projections.environments.find(`a${String(index)}`)).to.include({ name: `Environment a${String(index)}` });
      }
      expect(projections.state()).to.deep.equal({ kind: 'live' });
    });

    it('say how far behind the log they are, and for how long', async () => {
      const projections = await open({ pollFoldMs: 60_000 });
      await projections.whenCaughtUp();
      expect(await projections.lag()).to.deep.equal({ events: 0, seconds: 0 });
      await append('environment-a', created('a'), agentSeen('a', 'i1'));
      await projections.whenCaughtUp();
      expect(await projections.lag()).to.deep.equal({ events: 0, seconds: 0 });
      const before = Date.now();
      for (let sequence = 1; sequence <= 3; sequence++) {
        await append('polls-cp_1', { type: 'AgentPolled', data: { at, environmentId: 'a', node: 'host', instanceId: 'i1', sequence } });
      }
      const { events, seconds } = await projections.lag();
      expect(events).to.equal(3);
      expect(seconds).to.be.within(0, (Date.now() - before) / 1000);
      // A decision takes the waiting polls along.
      await projections.whenApplied(await append('environment-b', created('b')), 5000);
      expect(await projections.lag()).to.deep.equal({ events: 0, seconds: 0 });
    });

    it('say so where a position is not applied in time', async () => {
      const projections = await open();
      await append('environment-a', created('a'));
      await projections.whenCaughtUp();
      expect(await projections.whenApplied('1000000', 5)).to.equal(false);
    });

    it('refuse to wait for what is no position, whenever they are asked', async () => {
      const projections = await open();
      const waits = [projections.whenApplied('first', 1000), projections.whenCaughtUp().then(() => projections.whenApplied('12x', 1000))];
      for (const wait of waits) expect(await wait.catch((error: unknown) => error)).to.have.property('code', 'invalid-position');
      expect(await projections.whenApplied(await append('environment-a', created('a')), 5000)).to.equal(true);
    });

    it('show writes that no projection cares for as applied, too', async () => {
      const projections = await open();
      const position = await append('settings', { type: 'SettingsChanged', data: { at, changes: {} } });
      expect(await projections.whenApplied(position, 5000)).to.equal(true);
    });

    it('let polls wait for company, but no decision wait with them', async () => {
      const projections = await open({ pollFoldMs: 60_000 });
      await projections.whenApplied(await append('environment-a', created('a'), agentSeen('a', 'i1')), 5000);
      const polled = await append('polls-cp_1', { type: 'AgentPolled', data: { at, environmentId: 'a', node: 'host', instanceId: 'i1', sequence: 1 } });
      expect(await projections.whenApplied(polled, 20)).to.equal(false);
      const renamed = await append('environment-a', { type: 'EnvironmentRenamed', data: { at, environmentId: 'a', name: 'Mill' } });
      expect(await projections.whenApplied(renamed, 5000)).to.equal(true);
      expect((await projections.environments.find('a'))?.heartbeat.lastPolledAt).to.equal(at);
    });

    it('write waiting polls after the time they may wait', async () => {
      const projections = await open({ pollFoldMs: 20 });
      await append('environment-a', created('a'), agentSeen('a', 'i1'));
      await projections.whenCaughtUp();
      const position = await append('polls-cp_1', { type: 'AgentPolled', data: { at, environmentId: 'a', node: 'host', instanceId: 'i1', sequence: 1 } });
      expect(await projections.whenApplied(position, 5000)).to.equal(true);
    });

    it('refuse a cursor that no page gave and a page of no size', async () => {
      const { environments } = await open();
      for (const query of [{ limit: 10, cursor: 'nonsense' }, { limit: 0 }, { limit: 1001 }]) {
        const refused: unknown = await environments.list(query).catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(RangeError);
      }
    });

    it('tell everybody who waits when they are closed', async () => {
      const projections = await open();
      const waiting = projections.whenApplied('1000000', 60_000);
      const abandoned = projections.environments.list({ limit: 10 }).catch((error: unknown) => error);
      await projections.close();
      expect(await waiting).to.equal(false);
      const answer = await abandoned;
      if (answer instanceof Error) expect(answer).to.be.instanceOf(ProjectionsError);
      const refused: unknown = await projections.environments.find('a').catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ProjectionsError).with.property('code', 'projections-closed');
    });

    it('stop waiting for the head when asked to', async () => {
      const projections = await open({ eventStore: { ...store, headPosition: async () => '1000000' } });
      const giveUp = new AbortController();
      const waiting = projections.whenCaughtUp(giveUp.signal).catch((error: unknown) => error);
      giveUp.abort(new Error('no longer wanted'));
      expect(await waiting).to.equal(giveUp.signal.reason);
    });
  });

  it('answer many questions at once, on several threads', async () => {
    const projections = await open({ queryThreads: 2 });
    await appendHistory(store, history);
    await projections.whenCaughtUp();
    const views = await naive(store);
    expect(await Promise.all(views.map(({ id }) => projections.environments.find(id)))).to.deep.equal(views);
  });

  it('page through what a starting process needs to know', async () => {
    const count = 1300;
    const name = (index: number) => `e${String(index).padStart(4, '0')}`;
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const environmentId = name(index);
        const tunnel: DomainEvent = { type: 'TunnelRequired', data: { at, environmentId, node: index % 2 === 0 ? null : 'n1' } };
        return Promise.all([append(`environment-${environmentId}`, created(environmentId), agentSeen(environmentId, `i${environmentId}`)), append(`tunnel-${environmentId}`, tunnel)]);
      }),
    );
    await append('environment-e0007', { type: 'EnvironmentRemoved', data: { at, environmentId: 'e0007' } });
    await append('tunnel-e0009', { type: 'TunnelRequirementLapsed', data: { at, environmentId: 'e0009', node: 'n1', reason: 'unused' } });
    await append('polls-cp_1', { type: 'AgentPolled', data: { at, environmentId: 'e0001', node: 'host', instanceId: 'ie0001', sequence: 5 } });
    await append('activity-cp_0', { type: 'ApiCallStarted', data: { at, environmentId: 'e0001', node: null, callId: 'c', method: 'POST', path: '/exec/x/start' } });
    const projections = await open();
    await projections.whenCaughtUp();
    expect(await Promise.all(['activity-cp_0', 'activity-other_0'].map((stream) => projections.startup.hasCallsUnderWay(stream)))).to.deep.equal([true, false]);
    const all = Array.from({ length: count }, (_, index) => name(index));
    const names = await flat(projections.startup.environmentNames());
    expect(names).to.deep.equal(all.filter((id) => id !== 'e0007').map((environmentId) => ({ environmentId, name: `Environment ${environmentId}` })));
    const agents = await flat(projections.startup.agents());
    expect(agents.map(({ environmentId }) => environmentId)).to.deep.equal(all.filter((id) => id !== 'e0007'));
    const agent = { environmentId: 'e0001', node: 'host', instanceId: 'ie0001', lastSequence: 5, lastPolledAt: at, heartbeat: 'up', pollIntervalSeconds: null };
    expect(agents[1]).to.deep.equal(agent);
    expect(agents[0]).to.deep.equal({ ...agent, environmentId: 'e0000', instanceId: 'ie0000', lastSequence: 0, lastPolledAt: null });
    // Also of the removed environment: its tunnel is still to be closed.
    const tunnels = await flat(projections.startup.unclosedTunnels());
    const expected = all.map((environmentId, index) => ({ environmentId, node: index % 2 === 0 ? null : 'n1' }));
    expect(tunnels).to.deep.equal(expected.filter(({ environmentId }) => environmentId !== 'e0009'));
  });

  describe('over restarts', () => {
    before(async () => appendHistory(await keepStore(), history.slice(0, 1000)));
    after(() => kept?.remove());

    async function expectHistory(projections: Projections, from: EventStore = store): Promise<void> {
      await projections.whenCaughtUp();
      expect(await everything(projections)).to.deep.equal(await naive(from));
    }

    async function build(): Promise<void> {
      const projections = await open();
      await projections.whenCaughtUp();
      await projections.close();
    }

    const builtAnew = 'the read models are built anew';

    it('show the whole history after the first start', async () => {
      await expectHistory(await open());
    });

    it('go on where they were', async () => {
      await build();
      const revisions = new Map<string, number>();
      for (const { stream } of history.slice(0, 1000)) revisions.set(stream, (revisions.get(stream) ?? -1) + 1);
      await appendHistory(store, history.slice(1000), revisions);
      await expectHistory(await open());
      expect(log.messages()).to.deep.equal([]);
    });

    it('are there again after their file was deleted', async () => {
      await build();
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
      await expectHistory(await open());
    });

    it('are built anew where the file is damaged, empty or no database', async () => {
      for (const content of ['this is no database, but it is long enough to be looked at as one', '']) {
        writeFileSync(file, content);
        await expectHistory(await open());
        await running.pop()?.close();
      }
      expect(log.messages()).to.deep.equal([builtAnew, builtAnew]);
    });

    it('are built anew where a question finds the file damaged', async () => {
      await build();
      const content = readFileSync(file);
      for (let page = 4096; page < content.length; page += 4096) {
        // Pages with rows of environments.
        if (content.subarray(page, page + 4096).includes('edge-e31x')) content.fill(0xff, page, page + 4096);
      }
      writeFileSync(file, content);
      const projections = await open();
      const refused: unknown = await projections.environments.list({ limit: 1000 }).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ProjectionsError).with.property('code', 'query-failed');
      await log.line('the read models are tried again');
      await untilLive(projections);
      await expectHistory(projections);
    });

    /** What another version wrote: in tables like these, or in others. */
    function writeAsAnother(changes: string): void {
      const database = new DatabaseSync(file);
      database.exec(`UPDATE read_model SET ${changes}; UPDATE environments SET name = 'as an older version wrote it'`);
      database.close();
    }
    const names = async (projections: Projections) => new Set((await projections.environments.list({ limit: 1000 })).items.map(({ name }) => name));

    it('of another version answer, and are kept up to date, until new ones are built; also where that was interrupted', async () => {
      await build();
      writeAsAnother("build = 'an older one'");
      const old = 'as an older version wrote it';
      for (const round of [1, 2]) {
        /** Where the log ends is asked for before new ones are built, and for nothing else here. */
        const gate = Promise.withResolvers<undefined>();
        const projections = await open({ eventStore: { ...store, headPosition: () => gate.promise.then(() => store.headPosition()) } });
        await untilLive(projections);
        await eventually('the rebuild', () => projections.rebuilding());
        expect(await names(projections)).to.include(old);
        const position = await append(`environment-new${String(round)}`, created(`new${String(round)}`, `of now ${String(round)}`));
        expect(await projections.whenApplied(position, 10_000)).to.equal(true);
        expect(await names(projections)).to.include.members([old, `of now ${String(round)}`]);
        const interrupted = round === 1 ? projections.close() : undefined;
        gate.resolve(undefined);
        await interrupted;
        if (round === 1) continue;
        await log.line('the read models were built by this version now');
        expect(projections.rebuilding()).to.equal(undefined);
        await expectHistory(projections);
        await projections.close();
      }
      running = [];
      const last = await open();
      await untilLive(last);
      expect(last.rebuilding()).to.equal(undefined);
    });

    it('are built anew where another version had other tables', async () => {
      await build();
      writeAsAnother("schema = 'an older one'");
      await expectHistory(await open());
      expect((await log.line(builtAnew))['reason']).to.equal('another version built it, with other tables');
    });

    it('are built anew where the log is another one', async () => {
      await build();
      const other = await openEventStore({ dataDirectory: join(folder.path, 'other') });
      try {
        const others = takeHistory({ seed: 32, environments: 20, pollPercent: 20, isMixed: true }, 1300);
        await appendHistory(other, others);
        const projections = await open({ eventStore: other });
        await expectHistory(projections, other);
        expect((await log.line(builtAnew))['reason']).to.equal('the log is another one');
        await projections.close();
      } finally {
        await other.close();
      }
    });

    it('are built anew where the log was put back to an earlier state', async () => {
      await build();
      const earlier = await openEventStore({ dataDirectory: join(folder.path, 'earlier') });
      try {
        await appendHistory(earlier, history.slice(0, 700));
        const projections = await open({ eventStore: earlier });
        await expectHistory(projections, earlier);
        expect((await log.line(builtAnew))['reason']).to.equal('the log ends before the read models');
        await projections.close();
      } finally {
        await earlier.close();
      }
    });

    it('are built anew where others stand in the place of the events they saw', async () => {
      const polls = (sequence: number): DomainEvent => ({ type: 'AgentPolled', data: { at, environmentId: 'a', node: 'host', instanceId: 'i', sequence } });
      const [here, there] = [join(folder.path, 'here'), join(folder.path, 'there')];
      const decision = { id: randomUUID(), type: 'EnvironmentCreated', data: JSON.stringify(created('a').data), metadata: '{}' };
      for (const [dataDirectory, count] of [[here, 3], [there, 9]] as const) {
        const one = await openEventStore({ dataDirectory });
        try {
          await one.append('environment-a', [decision], { expectedRevision: 'no-stream' });
          for (let index = 0; index < count; index++) {
            const { type, data } = polls(index);
            await one.append('polls-cp_1', [{ id: randomUUID(), type, data: JSON.stringify(data), metadata: '{}' }], { expectedRevision: 'any' });
          }
          const projections = await open({ eventStore: one });
          await projections.whenCaughtUp();
          await projections.close();
        } finally {
          await one.close();
        }
      }
      expect((await log.line(builtAnew))['reason']).to.equal('the log was replaced');
    });

    it('go on where they were, though the polls they saw have expired', async () => {
      await build();
      const before = await open();
      const views = await everything(before);
      await before.close();
      const { events } = await store.maintenance.expire({ category: 'polls', keepEvents: 0 });
      expect(events).to.be.greaterThan(100);
      expect(await everything(await open())).to.deep.equal(views);
      expect(log.messages()).to.deep.equal([]);
    });

    it('leave a database of another program alone', async () => {
      const database = new DatabaseSync(file);
      database.exec('CREATE TABLE precious (thing TEXT)');
      database.close();
      const refused: unknown = await open().catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ProjectionsError).with.property('code', 'projections-failed');
      expect(String(refused)).to.contain('move it away');
      const again = new DatabaseSync(file);
      expect(again.prepare('SELECT count(*) AS n FROM precious').get()?.['n']).to.equal(0);
      again.close();
    });

    it('can not be opened in a folder that is not there, and say so', async () => {
      const refused: unknown = await open({ file: join(folder.path, 'nowhere', 'read-models.db') }).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ProjectionsError).with.property('code', 'projections-failed');
    });
  });

  describe('in trouble', () => {
    /** The store, but what it announces can be cut off: the reader in the projector's thread then ends with an error. */
    function withCuttableReaders(): { readonly eventStore: ProjectionsOptions['eventStore']; cut(): void } {
      let current: MessagePort | undefined;
      const readerSource: EventStore['readerSource'] = () => {
        const { description } = store.readerSource();
        const { port1, port2 } = new MessageChannel();
        current = port1;
        description.heads.on('message', (head) => port1.postMessage(head));
        port1.on('close', () => description.heads.close());
        return { description: { ...description, heads: port2 }, transfer: [port2] };
      };
      return { eventStore: { ...store, readerSource }, cut: () => current?.close() };
    }

    it('say that they failed, and go on by themselves when the store is back', async () => {
      const { eventStore, cut } = withCuttableReaders();
      const projections = await open({ eventStore });
      await append('environment-a', created('a'));
      await projections.whenCaughtUp();
      const waiting = projections.whenApplied('1000', 60_000);
      cut();
      expect(await waiting).to.equal(false);
      expect(projections.state()).to.have.property('kind', 'failed');
      expect(await projections.whenApplied('1000', 60_000)).to.equal(false);
      const position = await append('environment-b', created('b'));
      const refused: unknown = await projections.whenCaughtUp().catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ProjectionsError).with.property('code', 'projections-failed');
      await untilLive(projections);
      expect(await projections.whenApplied(position, 5000)).to.equal(true);
      expect(log.messages()).to.deep.equal(['the read models stopped on an error', 'the read models are tried again']);
    });

    it('stop before an event that can’t be read, name it, and show what came before', async () => {
      await append('environment-a', created('a'));
      const projections = await open();
      await projections.whenCaughtUp();
      await store.append('environment-b', [{ id: randomUUID(), type: 'EnvironmentCreated', data: '{"at":7}', metadata: '{}' }], { expectedRevision: 'any' });
      const line = await log.line('the read models stopped on an error');
      expect(JSON.stringify(line)).to.contain('EnvironmentCreated, event 0 of environment-b');
      await log.line('the read models are tried again');
      expect(projections.state()).to.have.property('kind', 'failed');
      expect(await everything(projections)).to.have.length(1);
    });

    it('wait while another program has the file locked', async () => {
      const projections = await open();
      await projections.whenCaughtUp();
      const other = new DatabaseSync(file);
      other.exec('BEGIN IMMEDIATE');
      const position = await append('environment-a', created('a'));
      expect(await projections.whenApplied(position, 100)).to.equal(false);
      other.exec('ROLLBACK');
      other.close();
      expect(await projections.whenApplied(position, 5000)).to.equal(true);
      expect(projections.state()).to.deep.equal({ kind: 'live' });
    });
  });

  describe('when they are rebuilt', () => {
    it('answer meanwhile, never go back, and show all that was written before and during', async () => {
      await appendHistory(store, history);
      const projections = await open();
      await projections.whenCaughtUp();
      const before = await everything(projections);
      const progress: RebuildProgress[] = [];
      const rebuilt = projections.rebuild((one) => progress.push(one));
      let writes = 0;
      let reached = 0;
      for (let isDone = false; !isDone && writes < 500; ) {
        const environmentId = `during${String(writes++)}`;
        const position = await append(`environment-${environmentId}`, created(environmentId));
        const { total } = await projections.environments.list({ limit: 1 });
        expect(total).to.be.at.least(before.length);
        expect(Number(projections.appliedPosition())).to.be.at.least(reached);
        reached = Number(projections.appliedPosition());
        isDone = await Promise.race([rebuilt.then(() => true), projections.whenApplied(position, 1000).then(() => false)]);
      }
      await rebuilt;
      expect(writes).to.be.greaterThan(1);
      expect(progress.at(-1)).to.deep.include({ share: 1 });
      expect(progress.at(-1)?.events).to.be.at.least(history.length);
      await projections.whenCaughtUp();
      const after = await everything(projections);
      expect(after.filter(({ id }) => !id.startsWith('during'))).to.deep.equal(before);
      expect(after).to.have.length(before.length + writes);
      expect(log.messages()).to.deep.equal([]);
    });

    it('are one rebuild, however many ask', async () => {
      const projections = await open();
      await append('environment-a', created('a'));
      await Promise.all([projections.rebuild(), projections.rebuild()]);
      await projections.whenCaughtUp();
      expect(await everything(projections)).to.have.length(1);
    });

    it('end early, and leave what was there, once nobody who asked wants them', async () => {
      await appendHistory(store, history);
      const projections = await open();
      await projections.whenCaughtUp();
      const before = await everything(projections);
      const [one, other] = [new AbortController(), new AbortController()];
      const asked = [one, other].map(({ signal }) => projections.rebuild(undefined, signal).catch((error: unknown) => error));
      one.abort(new Error('first'));
      expect(await asked[0]).to.equal(one.signal.reason);
      other.abort(new Error('second'));
      expect(await asked[1]).to.equal(other.signal.reason);
      // Which waits until that has ended.
      await projections.rebuild();
      expect(await everything(projections)).to.deep.equal(before);
      expect(readdirSync(folder.path).filter((name) => name.includes('.rebuild'))).to.deep.equal([]);
    });

    it('can be closed in the middle', async () => {
      await appendHistory(store, history);
      const projections = await open();
      const rebuilding = projections.rebuild().catch((error: unknown) => error);
      await projections.close();
      expect(await rebuilding).to.be.instanceOf(ProjectionsError).with.property('code', 'projections-closed');
    });
  });
});

async function untilLive(projections: Projections): Promise<void> {
  await eventually('the read models to be live again', () => (projections.state().kind === 'live' ? true : undefined), 30_000);
}
