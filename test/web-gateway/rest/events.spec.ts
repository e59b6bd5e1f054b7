/** The recorded events over REST: pages, streams of lines, and following. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { HistoryEvent } from '../../../services/application/ports/history.ts';
import { eventually } from '../../support/eventually.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

function event(position: number, type = 'AgentPolled'): HistoryEvent {
  return {
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    stream: 'polls-cp1_0',
    revision: position,
    position: String(position),
    type,
    time: '2026-02-03T04:05:06.789Z',
    recordedAt: '2026-02-03T04:05:06.790Z',
    data: { environmentId: 'e1', nested: [{ deep: null }] },
    metadata: { actor: 'agent:e1/n', schemaVersion: 1 },
  };
}

describe('events over REST', () => {
  let gateway: GatewayFixture;

  beforeEach(async () => {
    gateway = await startGateway({}, [event(1), event(2, 'TunnelOpened'), event(3)]);
  });
  afterEach(() => gateway.close());

  it('come in pages with everything that was recorded', async () => {
    const first = await gateway.call('/api/v1/events?limit=2', { as: 'auditor' });
    expect(first.json).to.deep.equal({ items: [event(1), event(2, 'TunnelOpened')], nextCursor: '2', total: null });
    for (const parameter of ['after', 'cursor']) {
      expect((await gateway.call(`/api/v1/events?limit=2&${parameter}=2`)).json).to.deep.equal({ items: [event(3)], nextCursor: null, total: null });
    }
    expect((await gateway.call('/api/v1/events?after=2&cursor=2')).json).to.include({ status: 400, code: 'invalid-request' });
    expect((await gateway.call('/api/v1/events?after=nonsense')).json).to.include({ status: 400, code: 'invalid-position' });
    expect((await gateway.call('/api/v1/events?from=yesterday')).json).to.deep.include({ code: 'invalid-request', errors: [{ parameter: 'from', reason: 'must match format "date-time"' }] });
  });

  it('come all, a line each, where lines are accepted', async () => {
    const answer = await gateway.call('/api/v1/events?type=AgentPolled', { headers: { accept: 'application/x-ndjson' } });
    expect(answer.headers['content-type']).to.equal('application/x-ndjson');
    expect(answer.headers).to.include({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    const lines = answer.text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([event(1), event(3)]);
  });

  it('hold nothing open where what is asked for is refused', async () => {
    const refuse = (): never => {
      throw new ApplicationError('unknown-event-type', 'there is no event type Nope');
    };
    const other = await startGateway({ history: { list: refuse, stream: refuse }, limits: { eventStreamsOfOne: 1 } });
    try {
      for (let time = 0; time < 2; time += 1) expect((await other.call('/api/v1/events?type=Nope&follow=true', { as: 'auditor' })).json).to.include({ status: 400, code: 'unknown-event-type' });
      expect(other.accounts.heldOf('auditor')).to.equal(0);
    } finally {
      await other.close();
    }
  });

  it('go on live where they are followed, until the client, the session or the server ends it', async () => {
    const follow = async (): Promise<IncomingMessage> => {
      const req = gateway.open('/api/v1/events?follow=true&type=TunnelLost', { as: 'auditor' }).end();
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      return res.on('error', () => undefined);
    };
    const noFollowers = (): Promise<boolean> => eventually('nobody to follow', () => (gateway.history.followers() === 0 ? true : undefined));

    const first = await follow();
    await eventually('somebody to follow', () => (gateway.history.followers() === 1 ? true : undefined));
    gateway.history.publish(event(4));
    gateway.history.publish(event(5, 'TunnelLost'));
    const [line] = (await once(first, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).to.deep.equal(event(5, 'TunnelLost'));
    first.destroy();
    await noFollowers();

    const second = await follow();
    gateway.accounts.end('auditor');
    second.resume();
    await once(second, 'error');
    await noFollowers();
    expect(second.complete).to.equal(false);
  });

  it('are followed by one user so many times at once; who leaves makes room', async () => {
    const other = await startGateway({ limits: { eventStreamsOfOne: 1 } });
    try {
      const follow = async (as: 'auditor' | 'admin'): Promise<IncomingMessage> => {
        const [res] = (await once(other.open('/api/v1/events?follow=true', { as }).end(), 'response')) as [IncomingMessage];
        return res.on('error', () => undefined);
      };
      const first = await follow('auditor');
      expect((await other.call('/api/v1/events?follow=true', { as: 'auditor' })).json).to.include({ status: 503, code: 'too-many-streams' });
      expect((await other.call('/api/v1/events', { as: 'auditor' })).status).to.equal(200);
      expect((await follow('admin')).statusCode).to.equal(200);
      first.destroy();
      await eventually('room', async () => ((await follow('auditor')).statusCode === 200 ? true : undefined));
    } finally {
      await other.close();
    }
  });

  it('end cleanly for those who follow when the server closes', async () => {
    const req = gateway.open('/api/v1/events?follow=true').end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    res.resume();
    void gateway.gateway.close({ graceMs: 5_000 });
    await once(res, 'end');
    expect(res.complete).to.equal(true);
    expect((await gateway.call('/healthz').catch((error: unknown) => error))).to.be.an('error');
  });

  it('can not be followed backwards', async () => {
    expect((await gateway.call('/api/v1/events?follow=true&order=desc')).json).to.include({ status: 400, code: 'invalid-request' });
  });
});
