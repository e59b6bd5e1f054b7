/** /live as scripts and browsers use it: server-sent events, and a WebSocket. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Change } from '../../../projections/changes/change.ts';
import { eventually } from '../../support/eventually.ts';
import { startGateway, type CallOptions, type GatewayFixture } from '../support/gateway-fixture.ts';
import { openSocket } from '../support/web-socket-client.ts';

const LIVE = '/api/v1/live';

interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads server-sent events as they come. */
async function follow(gateway: GatewayFixture, target: string, options: Omit<CallOptions, 'body'> = {}): Promise<{ readonly req: ClientRequest; readonly res: IncomingMessage; readonly events: SentEvent[]; next(): Promise<SentEvent> }> {
  const req = gateway.open(target, { as: 'auditor', ...options });
  req.end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const events: SentEvent[] = [];
  let text = '';
  res.on('error', () => undefined);
  res.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const));
      const data = fields.get('data');
      if (data !== undefined) events.push({ event: fields.get('event') ?? '', id: fields.get('id'), data: JSON.parse(data) as Record<string, unknown> });
    }
  });
  return { req, res, events, next: () => eventually('an event', () => events.shift()) };
}

const renamed = (environmentId: string): Change => ({ kind: 'environment', environmentId, types: ['EnvironmentRenamed'] });

describe('live changes', () => {
  let gateway: GatewayFixture;
  let position: number;

  beforeEach(async () => {
    gateway = await startGateway({ limits: { liveSpacingMs: 20, liveHeartbeatMs: 60 } });
    position = 100;
  });
  afterEach(() => gateway.close());

  function commit(...changes: Change[]): string {
    position += 1;
    gateway.fleet.changes.commit(String(position), { changes, isWhole: true });
    return String(position);
  }

  it('are server-sent events, each with the position as its id', async () => {
    const client = await follow(gateway, LIVE);
    expect(client.res.headers).to.include({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    expect(await client.next()).to.deep.equal({ event: 'ready', id: '100', data: { type: 'ready', position: '100', resumed: false } });
    commit(renamed('a'), { kind: 'tunnel', environmentId: 'a', node: 'n1', types: ['TunnelOpened'] });
    expect(await client.next()).to.deep.equal({
      event: 'change',
      id: '101',
      data: { type: 'change', position: '101', changes: [renamed('a'), { kind: 'tunnel', environmentId: 'a', node: 'n1', types: ['TunnelOpened'] }] },
    });
    client.req.destroy();
  });

  it('go on where a client was that comes back, and say so where that is not remembered', async () => {
    for (let index = 0; index < 3; index += 1) commit(renamed(`a${index}`));
    for (const [target, headers] of [
      [LIVE, { 'last-event-id': '101' }],
      [`${LIVE}?after=101`, {}],
    ] as const) {
      const client = await follow(gateway, target, { headers });
      expect((await client.next()).data).to.include({ type: 'ready', position: '101', resumed: true });
      const { id, data } = await client.next();
      expect([id, (data['changes'] as Change[]).map(({ environmentId }) => environmentId)]).to.deep.equal(['103', ['a1', 'a2']]);
      client.req.destroy();
    }
    for (const id of ['7', '104', 'nonsense']) {
      const client = await follow(gateway, LIVE, { headers: { 'last-event-id': id } });
      expect(await client.next(), id).to.deep.equal({ event: 'reset', id: '103', data: { type: 'reset', position: '103', reason: 'position-not-remembered' } });
      client.req.destroy();
    }
    const client = await follow(gateway, LIVE);
    await client.next();
    gateway.fleet.changes.restart('500');
    expect((await client.next()).data).to.deep.equal({ type: 'reset', position: '500', reason: 'too-many-changes' });
    client.req.destroy();
  });

  it('are filtered by environment and kind; polls are told only of environments that are named', async () => {
    const client = await follow(gateway, `${LIVE}?environment=a&environment=b&kind=environment&kind=poll`);
    await client.next();
    expect(gateway.fleet.watchedPolls()).to.deep.equal(['a', 'b']);
    commit({ kind: 'heartbeat', environmentId: 'a', types: [] });
    commit(renamed('c'));
    commit({ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] });
    expect((await client.next()).data['changes']).to.deep.equal([{ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] }]);
    client.req.destroy();
    await eventually('the watch to end', () => (gateway.fleet.watchedPolls().length === 0 ? true : undefined));

    for (const query of ['kind=poll', 'kind=colour', 'environment=NOT-AN-ID', `kind=poll${'&environment=a'.repeat(101)}`]) {
      const { status, json } = await gateway.call(`${LIVE}?${query}`, { as: 'auditor' });
      expect([status, json['code']], query).to.deep.equal([400, 'invalid-request']);
    }
  });

  it('are the same over a WebSocket, whose client may look at something else', async () => {
    const client = await openSocket(gateway, `${LIVE}?environment=a&after=100`, { as: 'auditor' });
    expect(await client.next()).to.deep.equal({ type: 'ready', position: '100', resumed: true });
    commit(renamed('a'));
    expect(await client.message('change')).to.deep.equal({ type: 'change', position: '101', changes: [renamed('a')] });
    client.say({ type: 'filter', environments: ['b'], kinds: ['poll'] });
    await eventually('the other filter', () => (gateway.fleet.watchedPolls().includes('b') ? true : undefined));
    commit(renamed('a'));
    commit({ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] });
    expect((await client.message('change'))['changes']).to.deep.equal([{ kind: 'poll', environmentId: 'b', types: ['AgentPolled'] }]);
    expect(await client.message('beat')).to.deep.equal({ type: 'beat', position: '103' });
    client.say({ type: 'filter', kinds: ['poll'] });
    expect(await client.closed).to.deep.equal({ code: 4400, reason: 'invalid-request' });
  });

  it('keep a quiet stream alive', async () => {
    const req = gateway.open(LIVE, { as: 'auditor' });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    let text = '';
    res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await eventually('two heartbeats', () => (text.endsWith('id: 100\n\nid: 100\n\n') ? true : undefined));
    req.destroy();
  });

  it('end when the session or key does, and when the server stops', async () => {
    const stream = await follow(gateway, LIVE, { as: 'operator' });
    const socket = await openSocket(gateway, LIVE, { as: 'operator' });
    await stream.next();
    gateway.accounts.end('operator');
    expect(await stream.next()).to.deep.include({ event: 'end', data: { type: 'error', code: 'session-ended', message: 'The session or API key of this call has ended.' } });
    expect(await socket.closed).to.deep.equal({ code: 4401, reason: 'session-ended' });

    const other = await follow(gateway, LIVE);
    const otherSocket = await openSocket(gateway, LIVE, { as: 'auditor' });
    await other.next();
    const ended = once(other.res, 'end');
    await gateway.gateway.close({ graceMs: 2_000 });
    await ended;
    expect(await otherSocket.closed).to.deep.equal({ code: 1001, reason: 'shutting-down' });
  });
});
