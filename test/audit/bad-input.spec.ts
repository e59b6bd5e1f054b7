/** Whatever is sent to the audit port: each gets the error that a client of EventStoreDB understands, and nobody else notices. */
import { EventStoreDBClient, eventTypeFilter, jsonEvent, START, streamNameFilter } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { once, type EventEmitter } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { fill, newEvent } from './support/events.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';
import { basic, rawClient, readAllRequest, readWhole, statusOf } from './support/raw-client.ts';

const { Options } = streams.ReadReq;

describe('audit front: bad input', () => {
  let front: FrontUnderTest;
  /** Someone who follows all along, and misses nothing. */
  let bystander: EventStoreDBClient;
  const seen: string[] = [];
  let appended = 0;

  before(async () => {
    front = await startFront();
    await fill(front.store, 'environment-a', 3);
    bystander = EventStoreDBClient.connectionString(front.connectionString);
    const subscription = bystander.subscribeToAll({ filter: streamNameFilter({ prefixes: ['bystander-'] }) });
    subscription.on('data', ({ event }) => seen.push(event?.id ?? ''));
    await once(subscription, 'confirmation');
  });
  afterEach(async () => {
    const event = newEvent();
    await front.store.append('bystander-1', [event], { expectedRevision: appended === 0 ? 'no-stream' : appended - 1 });
    appended += 1;
    const read: string[] = [];
    for await (const { event: one } of bystander.readStream('bystander-1')) read.push(one?.id ?? '');
    expect(read).to.have.lengthOf(appended);
  });
  after(async () => {
    for (const deadline = Date.now() + 10_000; seen.length < appended && Date.now() < deadline; ) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).to.have.lengthOf(appended);
    await bystander.dispose();
    await front.close();
    expect(front.failures).to.deep.equal([]);
  });

  async function failure(use: (client: EventStoreDBClient) => Promise<unknown> | AsyncIterable<unknown>, connectionString = front.connectionString): Promise<Record<string, unknown>> {
    const client = EventStoreDBClient.connectionString(connectionString);
    try {
      const used = use(client);
      if (Symbol.asyncIterator in used) for await (const one of used) expect(one).to.not.equal(undefined);
      else await used;
    } catch (error) {
      return error as Record<string, unknown>;
    } finally {
      await client.dispose();
    }
    return expect.fail('this was to be refused');
  }

  it('a wrong password, a wrong name, and none: access-denied, for reads, subscriptions and appends', async () => {
    for (const account of ['auditor:wrong@', 'nobody:secret@', '']) {
      const address = front.connectionString.replace('auditor:secret@', account);
      expect(await failure((client) => client.readAll(), address)).to.include({ type: 'access-denied' });
      expect(await failure((client) => client.subscribeToAll(), address)).to.include({ type: 'access-denied' });
    }
    const refused = await statusOf(readWhole(rawClient(front), readAllRequest(), new Metadata()));
    expect(refused.code).to.equal(status.UNAUTHENTICATED);
    expect(refused.metadata.get('exception')).to.deep.equal(['access-denied']);
  });

  it('no TLS: the connection ends, HTTP/1.1 over TLS too', async () => {
    const options = { port: front.port, host: 'localhost', ca: front.ca };
    for (const connect of [
      () => http2.connect(`http://localhost:${front.port}`),
      () => net.connect(front.port, '127.0.0.1').resume().end('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      () => tls.connect({ ...options, ALPNProtocols: ['http/1.1'] }).resume(),
      () => tls.connect(options).resume(),
    ]) {
      await closed(connect());
    }
  });

  it('a stream that is not there, and one whose name has 10,000 characters: stream-not-found', async () => {
    for (const name of ['nothing-here', 'x'.repeat(10_000), 'Grüße-🚢']) {
      expect(await failure((client) => client.readStream(name))).to.include({ type: 'stream-not-found', streamName: name });
    }
  });

  it('a stream that was deleted for ever: stream-deleted, with its name', async () => {
    for (const name of ['gone-1', 'gone-Grüße']) {
      await front.store.tombstoneStream(name, { expectedRevision: 'any' });
      expect(await failure((client) => client.readStream(name))).to.include({ type: 'stream-deleted' });
      expect(await failure((client) => client.subscribeToStream(name))).to.include({ type: 'stream-deleted' });
    }
  });

  it('a write without the right, of whatever size: access-denied, and the connection goes on', async () => {
    const client = EventStoreDBClient.connectionString(front.connectionString);
    for (const size of [10, 900_000, 3_000_000]) {
      const event = jsonEvent({ type: 'Forged', data: { text: 'x'.repeat(size) } });
      const error = await client.appendToStream('environment-a', event).then(
        () => expect.fail('this was to be refused'),
        (reason: unknown) => reason as Record<string, unknown>,
      );
      expect(error).to.include({ type: 'access-denied' });
    }
    let count = 0;
    for await (const { event } of client.readStream('environment-a')) count += event === undefined ? 0 : 1;
    expect(count).to.equal(3);
    await client.dispose();
  });

  for (const { what, regex, words } of [
    { what: 'explodes in other engines', regex: '^(a+)+$', words: undefined },
    { what: 'explodes with alternatives', regex: '(a|aa)+$|(.*)*x', words: undefined },
    { what: 'explodes when it is written out', regex: '((a{100}){100}){100}', words: /regular expression/ },
    { what: 'is too large once written out', regex: '(?:a?){999}a{999}', words: /too large/ },
    { what: 'looks around', regex: '^(?!tunnel-).*', words: /Look-around/ },
    { what: 'refers back', regex: '(a)\\1', words: /back-references/ },
    { what: 'is no expression', regex: '([', words: /regular expression/ },
    { what: 'is nested deeply', regex: `${'('.repeat(450)}a${')'.repeat(450)}`, words: /too large/ },
    { what: 'keeps every engine busy', regex: '[ab]*a[ab]{120}(x|y)[ab]{120}$', words: undefined },
    { what: 'is very long', regex: 'a'.repeat(100_000), words: /characters/ },
  ]) {
    it(`a filter whose regular expression ${what}: ${words === undefined ? 'served in linear time' : 'refused with words'}`, async () => {
      const client = EventStoreDBClient.connectionString(front.connectionString);
      await front.store.append(`${'a'.repeat(250)}!`, [newEvent()], { expectedRevision: 'any' });
      for (const filter of [streamNameFilter({ regex }), eventTypeFilter({ regex })]) {
        const subscription = client.subscribeToAll({ fromPosition: START, filter });
        subscription.resume();
        const { promise, resolve } = Promise.withResolvers<unknown>();
        subscription.on('caughtUp', () => resolve(undefined)).on('error', resolve);
        const outcome = await promise;
        if (words === undefined) expect(outcome).to.equal(undefined);
        else expect(String(outcome)).to.match(words).and.to.match(/INVALID_ARGUMENT/);
        if (outcome === undefined) await subscription.unsubscribe();
      }
      await client.dispose();
    });
  }

  const allFrom = (commit: string, prepare: string) => readAllRequest((options) => options.setAll(new Options.AllOptions().setPosition(new Options.Position().setCommitPosition(commit).setPreparePosition(prepare))));
  const filtered = (filter: streams.ReadReq.Options.FilterOptions) => readAllRequest((options) => options.setFilter(filter));
  const expression = new Options.FilterOptions.Expression();
  for (const { what, request } of [
    { what: 'without options', request: () => new streams.ReadReq() },
    { what: 'of neither a stream nor all', request: () => readAllRequest((options) => options.clearAll()) },
    { what: 'without a count', request: () => readAllRequest((options) => options.clearCount()) },
    { what: 'of a stream without a name', request: () => readAllRequest((options) => options.setStream(new Options.StreamOptions().setStart(new shared.Empty()))) },
    { what: 'with a filter that says nothing', request: () => filtered(new Options.FilterOptions()) },
    { what: 'with too many prefixes', request: () => filtered(new Options.FilterOptions().setEventType(expression.clone().setPrefixList(Array<string>(101).fill('a')))) },
    { what: 'with a prefix that is too long', request: () => filtered(new Options.FilterOptions().setEventType(expression.clone().setPrefixList(['a'.repeat(10_000)]))) },
    { what: 'from a position that was never given', request: () => allFrom('123456789012345678', '5') },
    { what: 'that follows backwards', request: () => readAllRequest((options) => options.setSubscription(new Options.SubscriptionOptions()).setReadDirection(Options.ReadDirection.BACKWARDS)) },
  ]) {
    it(`a read ${what}: an invalid argument, with words`, async () => {
      const client = rawClient(front);
      const refused = await statusOf(readWhole(client, request()));
      expect(refused.code).to.equal(status.INVALID_ARGUMENT);
      expect(refused.details).to.match(/\w+ \w+/);
      client.close();
    });
  }

  it('credentials of other kinds and broken ones: access-denied', async () => {
    const client = rawClient(front);
    for (const header of ['Bearer hp_abc', 'Basic', 'Basic !!!', `Basic ${Buffer.from('nocolon').toString('base64')}`, `Basic ${'A'.repeat(6_000)}`]) {
      const metadata = new Metadata();
      metadata.set('authorization', header);
      const refused = await statusOf(readWhole(client, readAllRequest(), metadata));
      expect(refused.code, header.slice(0, 20)).to.equal(status.UNAUTHENTICATED);
    }
    client.close();
  });

  it('headers over the bound end the call; the connection’s other calls go on', async () => {
    const client = rawClient(front);
    const metadata = basic();
    metadata.set('x-large', 'x'.repeat(200 * 1024));
    const refused = await statusOf(readWhole(client, readAllRequest(), metadata));
    expect(refused.code).to.not.equal(status.OK);
    expect(await readWhole(client, readAllRequest())).to.not.have.lengthOf(0);
    client.close();
  });

  it('methods that there are not are unimplemented', async () => {
    const client = EventStoreDBClient.connectionString(front.connectionString);
    const error = await client.listProjections().then(
      () => expect.fail('this was to be refused'),
      (reason: unknown) => reason as Error,
    );
    expect(error.message).to.match(/UNIMPLEMENTED/);
    await client.dispose();
  });
});

/** Whatever it says before. */
function closed(connection: EventEmitter): Promise<void> {
  connection.on('error', () => undefined);
  return new Promise((resolve) => void connection.once('close', resolve));
}
