/** A crowd of random and malformed requests, made from the description: each is answered as described, and the server is as good as before. */
import { Agent, request } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createRest, signInByRest, type RestAnswer } from '../../e2e/docker/support/rest.ts';
import { again, createDice, takeSeed } from '../../support/fleet/seed.ts';
import { startHomeport, type HomeportServer } from '../../support/homeport.ts';
import { readDescription } from './described-interface.ts';
import { randomRequest, type RandomRequest } from './random-requests.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const REQUESTS = isLong ? 100_000 : 1000;
const AT_ONCE = 8;
/** What may be refused for a while, with a code that says so. */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504]);
/** They take seconds each, go on for ever, or end what the others are made with. */
const LEFT_OUT: ReadonlySet<string> = new Set(['downloadAgentImage', 'rebuildReadModels', 'exportRecord', 'rotateTunnelCertificate', 'followLive', 'signIn']);

describe('random requests', function () {
  this.timeout(isLong ? 1_800_000 : 90_000);
  let server: HomeportServer;

  before(async () => {
    server = await startHomeport();
  });
  after(() => server.remove());

  it('are each answered as described: with no error of the server’s own, no crash, and nothing left behind', async () => {
    const { apiKey } = await signInByRest(server);
    const rest = createRest(server, apiKey);
    const described = readDescription((await rest.call('GET', '/api/v1/openapi.json')).body);
    const operations = [...described.operations.values()].filter(({ operationId }) => !LEFT_OUT.has(operationId));
    const made = async (path: string, body: object): Promise<string> => (JSON.parse((await rest.call('POST', `/api/v1/${path}`, { body })).body) as { readonly id: string }).id;
    const known = [await made('environments', { name: 'known', address: 'homeport.example.com:9443' }), await made('users', { username: 'kim', password: 'correct horse battery staple', role: 'operator' }), await made('api-keys', { name: 'other', role: 'auditor' })];
    const seed = takeSeed();
    const dice = createDice(seed, 'random requests');
    const agent = new Agent({ ca: server.ca(), keepAlive: true, maxSockets: AT_ONCE });

    async function send({ method, target, headers, body }: RandomRequest): Promise<RestAnswer> {
      const outgoing = request(server.url, { method, path: target, agent, headers: { authorization: `Bearer ${apiKey}`, ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } });
      outgoing.end(body);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
    }

    let left = 0;
    const statuses = new Map<number, number>();
    async function lane(): Promise<void> {
      while (left-- > 0) {
        const one = randomRequest(operations, known, dice);
        const answer = await send(one).catch((error: unknown) => {
          throw new Error(`${one.method} ${one.target} got no answer; ${again(seed)}`, { cause: error });
        });
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const what = `${one.method} ${one.target} ${one.body?.slice(0, 200) ?? ''} → ${answer.status} ${answer.body.slice(0, 300)}; ${again(seed)}`;
        if (answer.status >= 500) expect(PASSING.has(answer.status), what).to.equal(true);
        if (one.method === one.operation.method) expect(described.faultOf(one.operation, answer), what).to.equal(undefined);
      }
    }
    async function half(): Promise<number> {
      left = REQUESTS / 2;
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return residentBytes();
    }
    // What a server needs at all it has after the first half.
    const grownBytes = -(await half()) + (await half());
    agent.destroy();
    expect([...statuses.keys()], 'as varied as they are').to.include.members([200, 400, 404]);
    expect((await rest.call('GET', '/healthz')).status).to.equal(200);
    const open = await metric('homeport_http_connections');
    if (open !== undefined) expect(open, 'connections left').to.be.at.most(2);
    if (isLong) expect(grownBytes, 'memory').to.be.below(100 * 1024 * 1024);

    async function metric(name: string): Promise<number | undefined> {
      const value = new RegExp(`^${name} (\\S+)$`, 'm').exec((await rest.call('GET', '/metrics')).body)?.[1];
      return value === undefined ? undefined : Number(value);
    }
    async function residentBytes(): Promise<number> {
      return (await metric('homeport_process_resident_memory_bytes')) ?? (await metric('process_resident_memory_bytes')) ?? 0;
    }
  });
});
