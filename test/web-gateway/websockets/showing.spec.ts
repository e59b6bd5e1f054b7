/** Logs and figures for browsers, over WebSockets. */
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { frame, startFakeContainer, type FakeContainer } from '../support/fake-container.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';
import { openSocket } from '../support/web-socket-client.ts';

const CONTAINER = '/api/v1/environments/e1/containers/c1';

describe('logs and figures over WebSockets', () => {
  let gateway: GatewayFixture;
  let engine: FakeContainer;
  /** As they are measured. */
  const open: string[] = [];
  const ended: string[] = [];

  before(async () => {
    gateway = await startGateway({
      limits: { webSocketBytes: 64 * 1024 },
      metrics: {
        requestEnded: ({ route, status }) => void ended.push(`${status} ${route}`),
        dockerCallEnded: () => undefined,
        streamOpened(kind) {
          open.push(kind);
          return () => void open.splice(open.indexOf(kind), 1);
        },
        exposition: () => Promise.reject(new Error('nobody asks')),
      },
    });
    engine = await startFakeContainer(gateway.enginePath);
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  it('show what a container without a terminal says, standard output and error told apart, as it says it', async () => {
    engine.tty = false;
    const { promise: following, resolve: follow } = Promise.withResolvers<() => void>();
    engine.output = (answer) => {
      answer.write(Buffer.concat([frame(1, 'out one\n'), frame(2, 'err é\n').subarray(0, 13)]));
      follow(() => {
        answer.write(frame(2, 'err é\n').subarray(13));
        answer.end();
      });
    };
    const client = await openSocket(gateway, `${CONTAINER}/logs?tail=10&timestamps=true&since=2026-02-03T04:05:06.007Z`);
    expect(await client.next()).to.deep.equal({ type: 'ready', tty: false });
    expect(await client.next()).to.deep.equal(Buffer.from('\x01out one\n'));
    expect(await client.next()).to.deep.equal(Buffer.concat([Buffer.from([2]), Buffer.from('err é').subarray(0, 5)]));
    expect(open).to.deep.equal(['logs']);
    (await following)();
    expect(await client.next()).to.deep.equal(Buffer.concat([Buffer.from([2]), Buffer.from('err é\n').subarray(5)]));
    expect(await client.next()).to.deep.equal({ type: 'end' });
    expect(await client.closed).to.deep.equal({ code: 1000, reason: 'ended' });
    await eventually('the end to be measured', () => (ended.includes('101 /api/v1/environments/:id/containers/:cid/logs') ? true : undefined));
    expect(open).to.deep.equal([]);
    expect(engine.asked.at(-1)?.url).to.equal('/containers/c1/logs?follow=1&stdout=1&stderr=1&timestamps=1&tail=10&since=1770091506.007000000');
    expect(await gateway.activity.outcomeOf('/containers/c1/logs')).to.include({ status: 200, failure: null });
    expect(gateway.activity.entries.filter((entry) => 'kind' in entry).map(({ what }) => what)).to.deep.equal(['opened', 'closed']);
  });

  it('show the bytes of a terminal as they are, and end with a message where the engine breaks off', async () => {
    engine.tty = true;
    engine.output = (answer) => void answer.write('\x1b[1mbold');
    const client = await openSocket(gateway, `${CONTAINER}/logs?tail=all&follow=false`);
    expect(await client.message('ready')).to.deep.equal({ type: 'ready', tty: true });
    expect(await client.next()).to.deep.equal(Buffer.from('\x1b[1mbold'));
    gateway.tunnel.lose();
    expect(await client.message('error')).to.include({ code: 'tunnel-lost' });
    expect(await client.closed).to.deep.equal({ code: 4502, reason: 'tunnel-lost' });
  });

  it('read no more of the engine than the browser takes', async () => {
    const MORE_THAN_FITS = 16 * 1024 * 1024;
    engine.tty = true;
    const piece = 'x'.repeat(64 * 1024);
    let said = 0;
    engine.output = (answer) => {
      const go = (): void => {
        for (let isWelcome = true; isWelcome && said < MORE_THAN_FITS; said += piece.length) isWelcome = answer.write(piece);
      };
      answer.on('drain', go);
      go();
    };
    const client = await openSocket(gateway, `${CONTAINER}/logs`);
    client.socket.pause();
    let before = -1;
    await eventually('the engine to stand still', () => {
      const isStill = said > 0 && said === before;
      before = said;
      return isStill ? true : undefined;
    });
    expect(said).to.be.within(1, MORE_THAN_FITS / 2);
    client.socket.terminate();
  });

  it('show a container’s figures as messages', async () => {
    engine.output = (answer) => {
      answer.write('{"cpu":1}\n{"cp');
      setImmediate(() => {
        answer.write('u":2}\n{"cpu":3}\n');
        answer.end();
      });
    };
    const client = await openSocket(gateway, `${CONTAINER}/stats`);
    expect(await client.next()).to.deep.equal({ type: 'ready' });
    const last = async (): Promise<unknown> => {
      let latest: unknown;
      for (let one = await client.next(); !Buffer.isBuffer(one) && one['type'] === 'stats'; one = await client.next()) latest = one['stats'];
      return latest;
    };
    expect(await last()).to.deep.equal({ cpu: 3 });
    engine.output = (answer) => void answer.write('<html>\n');
    const nonsense = await openSocket(gateway, `${CONTAINER}/stats`);
    expect(await nonsense.closed).to.deep.equal({ code: 4502, reason: 'engine-protocol-error' });
  });

  it('show what happens on an engine, but for commands that are run', async () => {
    engine.output = (answer) => {
      answer.write('{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"c1"}}\n{"Type":"container","Act');
      setImmediate(() => {
        answer.write('ion":"die","Actor":{"ID":"c1","Attributes":{"secret":"s3cret"}}}\n{"Type":"nobody asked","Action":"x"}\n{"Type":"image","Action":"pull"}\n');
        answer.end();
      });
    };
    const client = await openSocket(gateway, '/api/v1/environments/e1/engine-events');
    expect(await client.next()).to.deep.equal({ type: 'ready' });
    expect(open).to.deep.equal(['engine-events']);
    expect(await client.next()).to.deep.equal({ type: 'event', kind: 'container', action: 'die', id: 'c1' });
    expect(await client.next()).to.deep.equal({ type: 'event', kind: 'image', action: 'pull', id: null });
    expect(await client.next()).to.deep.equal({ type: 'end' });
    expect(await client.closed).to.deep.equal({ code: 1000, reason: 'ended' });
    expect(engine.asked.at(-1)?.url).to.match(/^\/events\?filters=/);
  });
});
