/** Who may open a WebSocket, from where, and what is answered instead. */
import { expect } from 'chai';
import { once } from 'node:events';
import { sessionTokenOf } from '../support/fake-accounts.ts';
import { startFakeContainer, type FakeContainer } from '../support/fake-container.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';
import { openSocket, refusedSocket } from '../support/web-socket-client.ts';

const CONTAINER = '/api/v1/environments/e1/containers/c1';
const STATS = `${CONTAINER}/stats`;

describe('WebSockets, before they are opened', () => {
  let gateway: GatewayFixture;
  let engine: FakeContainer;

  before(async () => {
    gateway = await startGateway({ limits: { containerSockets: 3, containerSocketsOfOne: 2, liveClients: 2, liveClientsOfOne: 2, webSocketMessageBytes: 1024 }, allowedOrigins: ['https://proxy.example'] });
    engine = await startFakeContainer(gateway.enginePath);
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  const cookie = (): string => `__Host-homeport=${sessionTokenOf('operator')}`;

  it('are for those who may call the engine: the others are answered as ever', async () => {
    const target = `${CONTAINER}/exec?command=sh`;
    expect(await refusedSocket(gateway, target, { as: null })).to.deep.include({ status: 401 });
    expect((await refusedSocket(gateway, target, { as: 'auditor' })).json).to.include({ code: 'forbidden', status: 403 });
    expect((await refusedSocket(gateway, STATS, { as: 'metrics' })).json).to.include({ code: 'forbidden' });
    expect((await refusedSocket(gateway, '/api/v1/live', { as: 'metrics' })).json).to.include({ code: 'forbidden' });
    const wrong = await refusedSocket(gateway, `${CONTAINER}/logs?tail=some&colour=red`);
    expect(wrong.json).to.include({ code: 'invalid-request' });
    expect((wrong.json['errors'] as { parameter: string }[]).map(({ parameter }) => parameter).sort()).to.deep.equal(['colour', 'tail']);
    expect(engine.asked).to.deep.equal([]);
  });

  it('signed in by a cookie come from our own pages alone', async () => {
    for (const origin of [undefined, 'https://evil.example', 'null', `http://localhost:${gateway.port}`]) {
      const headers = { cookie: cookie(), ...(origin === undefined ? {} : { origin }) };
      expect((await refusedSocket(gateway, STATS, { as: null, headers })).json, origin).to.include({ code: 'origin-not-allowed', status: 403 });
      expect((await refusedSocket(gateway, '/api/v1/live', { as: null, headers })).json, origin).to.include({ code: 'origin-not-allowed' });
    }
    for (const origin of [`https://localhost:${gateway.port}`, 'https://proxy.example']) {
      const own = await openSocket(gateway, STATS, { as: null, headers: { cookie: cookie(), origin } });
      own.socket.close();
      await own.closed;
    }
  });

  it('by an API key need no Origin, but no foreign one either', async () => {
    expect((await refusedSocket(gateway, STATS, { headers: { origin: 'https://evil.example' } })).json).to.include({ code: 'origin-not-allowed' });
    const bare = await openSocket(gateway, STATS);
    bare.socket.close();
    await bare.closed;
  });

  it('have to be asked for as such', async () => {
    const plain = await gateway.call(STATS, { as: 'operator' });
    expect([plain.status, plain.json['code'], plain.headers['upgrade']]).to.deep.equal([426, 'upgrade-required', 'websocket']);
    const keyless = await gateway.call(STATS, { as: 'operator', headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' } });
    expect([keyless.status, keyless.json['code']]).to.deep.equal([400, 'invalid-request']);
    const elsewhere = await gateway.call('/api/v1/environments', { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    expect(elsewhere.status).to.equal(200);
  });

  it('are so many in all, and so many for one', async () => {
    engine.output = () => undefined;
    const [first, second] = [await openSocket(gateway, STATS), await openSocket(gateway, STATS)];
    const refused = async (as: 'operator' | 'admin'): Promise<void> => {
      expect((await refusedSocket(gateway, STATS, { as })).json).to.include({ code: 'too-many-streams', status: 503 });
    };
    await refused('operator');
    const third = await openSocket(gateway, STATS, { as: 'admin' });
    await refused('admin');
    first.socket.close();
    await first.closed;
    const fourth = await openSocket(gateway, STATS);
    for (const one of [second, third, fourth]) one.socket.terminate();
  });

  it('for live changes are given up by whoever has most for one who has fewer', async () => {
    const mine = [await openSocket(gateway, '/api/v1/live'), await openSocket(gateway, '/api/v1/live')];
    expect((await refusedSocket(gateway, '/api/v1/live')).json).to.include({ code: 'too-many-streams' });
    const theirs = await openSocket(gateway, '/api/v1/live', { as: 'auditor' });
    await theirs.message('ready');
    expect(await mine[0]?.closed).to.deep.equal({ code: 4503, reason: 'too-many-streams' });
    for (const one of [...mine, theirs]) one.socket.terminate();
  });

  it('are cut off where nobody is at the other end', async () => {
    const other = await startGateway({ limits: { webSocketPingMs: 40 } });
    try {
      const [silent, well] = [await openSocket(other, '/api/v1/live', { autoPong: false }), await openSocket(other, '/api/v1/live')];
      const pings = once(well.socket, 'ping').then(() => once(well.socket, 'ping')).then(() => once(well.socket, 'ping'));
      expect((await silent.closed).code).to.equal(1006);
      await pings;
      expect(well.socket.readyState).to.equal(well.socket.OPEN);
    } finally {
      await other.close();
    }
  });

  it('take messages up to a bound', async () => {
    const client = await openSocket(gateway, `${CONTAINER}/exec?command=cat`);
    await client.message('ready');
    client.socket.send(Buffer.alloc(1025));
    expect((await client.closed).code).to.equal(1009);
  });
});
