/** A reader that takes nothing holds little, is dropped after a while, and keeps nobody waiting. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createManualClock } from '../application/manual-clock.ts';
import { eventually } from '../support/eventually.ts';
import { fill } from './support/events.ts';
import { startFront } from './support/front-under-test.ts';
import { basic, rawClient, readAllRequest, readWhole, stalledRead, statusOf } from './support/raw-client.ts';

const following = (options: streams.ReadReq.Options) => options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of this process, without what nobody has any more. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('audit front: slow readers', () => {
  it('one that takes nothing is dropped with the error that asks it to subscribe again; another reads on meanwhile', async () => {
    const clock = createManualClock();
    const front = await startFront({ clock, stallMs: 60_000 });
    await fill(front.store, 'large-1', 2_000, 'ThingHappened', 'x'.repeat(15_000));
    const [slow, quick] = [rawClient(front), rawClient(front)];
    for (const change of [following, (options: streams.ReadReq.Options) => options.setCount('100000')]) {
      const stalled = await stalledRead(slow, readAllRequest(change));
      expect(await readWhole(quick, readAllRequest((options) => options.setCount('100000')))).to.have.lengthOf(2_000);
      await clock.advance(61_000);
      const seen: number[] = [];
      const { promise, resolve } = Promise.withResolvers<{ readonly code: number; readonly details: string }>();
      stalled.on('error', (error) => resolve(error as never));
      stalled.on('data', () => seen.push(1)).resume();
      const { code, details } = await promise;
      expect(code).to.equal(status.ABORTED);
      expect(details).to.match(/too slow/);
      // What was on its way: a burst, and what the connection and the client hold.
      expect(seen.length).to.be.lessThan(200);
    }
    slow.close();
    quick.close();
    await front.close();
    expect(front.failures).to.deep.equal([]);
  });

  it('many that take nothing take little memory', async () => {
    const front = await startFront();
    await fill(front.store, 'large-1', 2_000, 'ThingHappened', 'x'.repeat(15_000));
    const client = rawClient(front);
    expect(await readWhole(client, readAllRequest((options) => options.setCount('100')))).to.have.lengthOf(100);
    const before = heldBytes();
    const stalled = await Promise.all(Array.from({ length: 31 }, () => stalledRead(client, readAllRequest(following))));
    const quick = rawClient(front);
    expect(await readWhole(quick, readAllRequest((options) => options.setCount('100000')))).to.have.lengthOf(2_000);
    // The log is 30 MB of text: 31 that had all of it would hold more than 900 MiB. Both ends are in this process, the client's with what it has not taken.
    expect(heldBytes() - before).to.be.lessThan(200 * 1024 * 1024);
    for (const call of stalled) call.cancel();
    client.close();
    quick.close();
    await front.close();
  });

  it('one account has so many reads at once and no more; another finds room when one ends', async () => {
    const front = await startFront();
    const client = rawClient(front);
    const open = Array.from({ length: 32 }, () => client.read(readAllRequest(following), basic()).on('error', () => undefined));
    await Promise.all(open.map((call) => once(call, 'data')));
    const refused = await statusOf(readWhole(client, readAllRequest()));
    expect(refused.code).to.equal(status.UNAVAILABLE);
    expect(refused.details).to.match(/Too Busy/);
    open[0]?.cancel();
    await eventually('a place to be free', () => readWhole(client, readAllRequest()));
    for (const call of open) call.cancel();
    client.close();
    await front.close();
  });

  it('ids come structured for who asks so, and where a stream begins and ends for who understands it', async () => {
    const front = await startFront();
    await fill(front.store, 'short-1', 5);
    await front.store.setStreamMetadata('short-1', { truncateBefore: 2 });
    const client = rawClient(front);
    const { Options } = streams.ReadReq;
    const request = readAllRequest((options) =>
      options
        .setStream(new Options.StreamOptions().setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('short-1'))).setStart(new shared.Empty()))
        .setUuidOption(new Options.UUIDOption().setStructured(new shared.Empty()))
        .setControlOption(new Options.ControlOption().setCompatibility(1)),
    );
    const [event, , , last] = await readWhole(client, request);
    expect(last?.getLastStreamPosition()).to.equal('4');
    const structured = event?.getEvent()?.getEvent()?.getId()?.getStructured();
    const hex = [structured?.getMostSignificantBits(), structured?.getLeastSignificantBits()].map((bits) => BigInt.asUintN(64, BigInt(bits ?? '0')).toString(16).padStart(16, '0')).join('');
    for await (const [recorded] of front.store.readStream('short-1', { limit: 1 })) expect(recorded?.id.replaceAll('-', '')).to.equal(hex);
    request.getOptions()?.getStream()?.setRevision('7');
    const beyond = await readWhole(client, request);
    expect(beyond.map((answer) => [answer.getFirstStreamPosition(), answer.getLastStreamPosition()])).to.deep.equal([['5', '0'], ['0', '4']]);
    client.close();
    await front.close();
  });
});
