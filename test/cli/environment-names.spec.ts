/** Names beside events: asked for as they come up, against a server that counts what it is asked. */
import { expect } from 'chai';
import { createEnvironmentNames } from '../../services/cli/rest/environment-names.ts';
import type { EnvironmentNames } from '../../services/cli/rest/environment-names.ts';
import { createRestClient } from '../../services/cli/rest/rest-client.ts';
import { createTransport } from '../../services/cli/rest/transport.ts';
import { startProxyServer } from './support/proxy-server.ts';

describe('names of environments', () => {
  const asked: string[] = [];
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    asked.length = 0;
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  /** Of a server with 15,000 of them. */
  async function start(): Promise<EnvironmentNames> {
    const server = await startProxyServer(({ url }, response) => {
      const { pathname, searchParams } = new URL(url ?? '', 'https://localhost');
      asked.push(`${pathname}${searchParams.has('cursor') ? `#${searchParams.get('cursor') ?? ''}` : ''}`);
      const id = /^\/api\/v1\/environments\/e(\d+)$/.exec(pathname)?.[1];
      const cursor = Number(searchParams.get('cursor') ?? 0);
      if (pathname === '/api/v1/environments') {
        const items = Array.from({ length: 1000 }, (_, index) => ({ id: `e${String(cursor * 1000 + index)}`, name: `site ${String(cursor * 1000 + index)}` }));
        return response.end(JSON.stringify({ items, nextCursor: cursor === 14 ? null : String(cursor + 1) }));
      }
      if (Number(id) < 15_000) return response.end(JSON.stringify({ id: `e${String(id)}`, name: `site ${String(id)}` }));
      response.statusCode = 404;
      return response.end(JSON.stringify({ code: 'environment-not-found', detail: 'There is no such environment.' }));
    });
    const client = createRestClient(createTransport(new URL(`https://localhost:${String(server.port)}`), { kind: 'authority', pem: server.ca }), 'hp_test');
    cleanUps.push(() => client.close(), () => server.close());
    return createEnvironmentNames(client);
  }

  it('are asked for once each, and for those that come up alone, of a fleet of any size', async () => {
    const names = await start();
    await names.learn(['e7', 'e7', 'e12', 'e99999']);
    expect(['e7', 'e12', 'e99999', 'e8'].map((id) => names.of(id))).to.deep.equal(['site 7', 'site 12', undefined, undefined]);
    await names.learn(['e7', 'e99999', 'e8']);
    expect(names.of('e8')).to.equal('site 8');
    expect([...asked].sort()).to.deep.equal(['e12', 'e7', 'e8', 'e99999'].map((id) => `/api/v1/environments/${id}`));
  });

  it('are read as a list where many come up at once', async () => {
    const names = await start();
    await names.learn(Array.from({ length: 1000 }, (_, index) => `e${String(index * 20)}`));
    expect(asked).to.have.length(15);
    expect(names.of('e14980')).to.equal('site 14980');
    expect(names.of('e15000')).to.equal(undefined);
    await names.learn(['e15000']);
    expect(asked).to.have.length(15);
  });
});
