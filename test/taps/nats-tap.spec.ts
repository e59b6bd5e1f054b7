/** The NATS tap with a real nats-server: every event once, in the order of the log, whatever ends in between. */
import { expect } from 'chai';
import path from 'node:path';
import pino from 'pino';
import { openEventStore, type OpenedEventStore } from '../../services/event-store/open.ts';
import { createTapCheckpoints } from '../../services/control-plane/tap-checkpoints.ts';
import { type NatsTap, startNatsTap } from '../../services/taps/nats-tap.ts';
import { eventually } from '../support/eventually.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { appendPolls, loggedEvents } from './support/logged.ts';
import { createNatsServer, type NatsServer } from './support/nats-server.ts';
import { storedMessages, type StoredMessage } from './support/stored-messages.ts';

describe('the NATS tap', () => {
  let folder: TemporaryFolder;
  let server: NatsServer;
  let store: OpenedEventStore;
  const taps: NatsTap[] = [];

  before(function () {
    requireRealParts(this, 'nats-server');
  });
  beforeEach(async () => {
    folder = createTemporaryFolder();
    server = await createNatsServer(folder.path);
    await server.start();
    store = await openEventStore({ dataDirectory: path.join(folder.path, 'data') });
  });
  afterEach(async () => {
    for (const tap of taps.splice(0)) await tap.close();
    await store.close();
    await server.stop();
    folder.remove();
  });

  function tap(options: { includesPolls?: boolean; name?: string; url?: string } = {}): NatsTap {
    const { includesPolls = true, name = 'tap', url = server.url } = options;
    const started = startNatsTap({
      eventStore: store,
      nats: { url },
      source: 'urn:homeport:test',
      includesPolls,
      checkpoints: createTapCheckpoints(path.join(folder.path, name)),
      logger: pino({ level: 'silent' }),
    });
    taps.push(started);
    return started;
  }

  async function stored(): Promise<readonly StoredMessage[]> {
    const nats = await server.connect();
    try {
      return await storedMessages(nats);
    } finally {
      await nats.close();
    }
  }

  /** Waits until the stream has as many messages as the log has events, and compares them one by one. */
  async function holdsTheLog(): Promise<void> {
    const events = await loggedEvents(store);
    const nats = await server.connect();
    await eventually('the stream to hold the log', async () => {
      const manager = await nats.jetstreamManager();
      const { state } = await manager.streams.info('HOMEPORT_EVENTS');
      return state.last_seq >= events.length ? state : undefined;
    }, 30_000);
    await nats.close();
    const messages = await stored();
    expect(messages.map(({ id }) => id)).to.deep.equal(events.map(({ id }) => id));
    expect(messages.map(({ event }) => event['globalposition'])).to.deep.equal(events.map(({ position }) => position));
  }

  it('publishes what was recorded before it and what is recorded while it runs, as CloudEvents with their subjects', async () => {
    await appendPolls(store, 'polls-cp1_0', 3);
    tap();
    await store.append(
      'environment-factory1',
      [{ id: '11111111-2222-4333-8444-555555555555', type: 'HeartbeatLost', data: '{"at":"2026-01-31T12:00:00.000Z","environmentId":"factory1","lastPolledAt":null}', metadata: '{"$correlationId":"c","actor":"system:cp1","schemaVersion":1}' }],
      { expectedRevision: 'no-stream' },
    );
    await store.append('signins', [{ id: '11111111-2222-4333-8444-666666666666', type: 'SignInRefused', data: '{"at":"2026-01-31T12:00:01.000Z"}', metadata: '{"schemaVersion":2}' }], { expectedRevision: 'any' });
    await holdsTheLog();
    const messages = await stored();
    expect(messages.map(({ subject }) => subject)).to.deep.equal([
      ...Array<string>(3).fill('homeport.events.polls.AgentPolled.factory1'),
      'homeport.events.environment.HeartbeatLost.factory1',
      'homeport.events.signins.SignInRefused._',
    ]);
    const logged = await loggedEvents(store);
    expect(messages[3]?.event).to.deep.equal({
      specversion: '1.0',
      id: '11111111-2222-4333-8444-555555555555',
      source: 'urn:homeport:test',
      type: 'io.homeport.HeartbeatLost.v1',
      subject: 'environment-factory1',
      time: '2026-01-31T12:00:00.000Z',
      datacontenttype: 'application/json',
      streamrevision: '0',
      globalposition: logged[3]?.position,
      actor: 'system:cp1',
      correlationid: 'c',
      data: { at: '2026-01-31T12:00:00.000Z', environmentId: 'factory1', lastPolledAt: null },
    });
    expect(messages[4]?.event['type']).to.equal('io.homeport.SignInRefused.v2');
  });

  it('goes on where the stream stands after it was stopped', async () => {
    await appendPolls(store, 'polls-cp1_0', 700);
    await tap().close();
    await appendPolls(store, 'polls-cp1_0', 300);
    tap();
    await holdsTheLog();
  });

  it('is away with nats-server, says so and how far it is behind, and catches up when it is back', async () => {
    const running = tap();
    await appendPolls(store, 'polls-cp1_0', 100);
    await holdsTheLog();
    await eventually('the tap to have caught up', () => (running.state().eventsBehind === 0 ? true : undefined));
    await server.kill();
    const fromMs = Date.now();
    await appendPolls(store, 'polls-cp1_0', 1000);
    const away = await eventually('the tap to count what is missing', () => (running.state().state === 'away' && running.state().eventsBehind === 1000 ? running.state() : undefined));
    expect(away.reason).to.be.a('string').that.is.not.empty;
    expect(away.behindSinceMs).to.be.within(fromMs, Date.now());
    await server.start();
    await holdsTheLog();
    await eventually('the tap to have caught up', () => (running.state().eventsBehind === 0 ? true : undefined));
    expect(running.state()).to.include({ state: 'publishing', behindSinceMs: undefined });
  });

  it('counts what is missing where NATS was away from the start, and leaves out what is not to be published', async () => {
    await server.stop();
    await appendPolls(store, 'polls-cp1_0', 50);
    await appendPolls(store, 'environment-factory1', 5);
    const running = tap({ includesPolls: false });
    await eventually('the tap to count what is missing', () => (running.state().eventsBehind === 5 ? true : undefined));
    expect(running.state().state).to.equal('away');
    await server.start();
    await eventually('the tap to have caught up', () => (running.state().eventsBehind === 0 ? true : undefined), 20_000);
    expect((await stored()).length).to.equal(5);
  });

  it('publishes nothing twice beside another tap, and takes over when that one ends', async () => {
    const one = tap({ name: 'one' });
    const other = tap({ name: 'other' });
    await Promise.all([0, 1, 2, 3].map((shard) => appendPolls(store, `polls-cp1_${shard}`, 500, 20)));
    await holdsTheLog();
    const ahead = one.state().published >= other.state().published ? one : other;
    await ahead.close();
    await appendPolls(store, 'polls-cp1_0', 500);
    await holdsTheLog();
  });

  it('leaves polls out where that is set, also from one moment to the next', async () => {
    const running = tap({ includesPolls: false });
    await appendPolls(store, 'polls-cp1_0', 50);
    await appendPolls(store, 'environment-factory1', 5);
    await eventually('five messages', async () => ((await stored()).length === 5 ? true : undefined));
    running.includePolls(true);
    await appendPolls(store, 'polls-cp1_0', 7);
    const subjects = await eventually('the polls since', async () => {
      const messages = await stored();
      return messages.length === 12 ? messages.map(({ subject }) => subject.split('.')[2]) : undefined;
    });
    expect(subjects).to.deep.equal([...Array<string>(5).fill('environment'), ...Array<string>(7).fill('polls')]);
  });

  it('goes on after a stream whose messages have all expired', async () => {
    await appendPolls(store, 'polls-cp1_0', 300);
    const first = tap();
    await holdsTheLog();
    await first.close();
    const nats = await server.connect();
    await (await nats.jetstreamManager()).streams.purge('HOMEPORT_EVENTS');
    await nats.close();
    await appendPolls(store, 'polls-cp1_0', 20);
    tap();
    const ids = await eventually('the new events', async () => {
      const messages = await stored();
      return messages.length >= 20 ? messages.map(({ id }) => id) : undefined;
    });
    expect(ids).to.deep.equal((await loggedEvents(store)).slice(300).map(({ id }) => id));
  });

  it('says what is wrong with an address before it starts, and shows no password', () => {
    expect(() => tap({ url: 'http://nats:4222' })).to.throw('nats:// or tls://');
    expect(() => tap({ url: 'nats://one:a@h1,nats://two:b@h2' })).to.throw('different accounts');
    expect(() => tap({ url: 'nats://user:se%ret@' })).to.throw(/form nats:\/\/host/).with.property('message').that.does.not.include('ret');
  });
});
