/** What Node's HTTP server leaves to us where it does not listen: deadlines, half-close, what is no HTTP, and closing. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, wholeAnswer, type GatewayFixture } from '../support/gateway-fixture.ts';
import { readHead, readText, requestHead } from '../support/raw-client.ts';

describe('connections to the gateway', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine | undefined;

  afterEach(async () => {
    await gateway.close();
    await engine?.close();
    engine = undefined;
  });

  it('must bring a whole request header in time, however slowly it trickles', async () => {
    gateway = await startGateway({ limits: { headerDeadlineMs: 300 } });
    const begunAt = performance.now();
    const client = await gateway.connect();
    client.write('GET /healthz HTTP/1.1\r\n');
    const trickle = setInterval(() => client.write('X-Slow: 1\r\n'), 40);
    client.once('end', () => clearInterval(trickle));
    const answer = await readText(client);
    clearInterval(trickle);
    expect(answer).to.match(/^HTTP\/1\.1 408 /);
    expect(answer).to.match(/"code":"request-timeout"/);
    expect(performance.now() - begunAt).to.be.at.least(250);
  });

  it('must bring the next header in time, too, and may idle before it', async () => {
    gateway = await startGateway({ limits: { headerDeadlineMs: 200, keepAliveMs: 300 } });
    const client = await gateway.connect();
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await readHead(client);
    const trickle = setInterval(() => client.write('G'), 40);
    client.once('end', () => clearInterval(trickle));
    const begunAt = performance.now();
    await readText(client);
    clearInterval(trickle);
    expect(performance.now() - begunAt).to.be.at.least(50);
  });

  it('may not trickle a REST request’s body for ever', async () => {
    gateway = await startGateway({ limits: { bodyDeadlineMs: 200 } });
    const client = await gateway.connect();
    client.write('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n');
    const trickle = setInterval(() => client.write(' '), 40);
    // What is on its way when the server closes may come back as a reset: the end is what counts.
    client.on('error', () => undefined).resume();
    await new Promise((resolve) => client.once('close', resolve));
    clearInterval(trickle);
  });

  it('may take their time over a proxied body', async () => {
    gateway = await startGateway({ limits: { headerDeadlineMs: 100 } });
    engine = await startHttpEngine(gateway.enginePath, (req, res) => void req.on('data', () => undefined).on('end', () => res.end('taken')));
    const req = gateway.open(`${DOCKER}/build`, { method: 'POST', headers: { 'content-length': '2' } });
    req.write('a');
    await new Promise((resolve) => setTimeout(resolve, 300));
    req.end('b');
    expect((await wholeAnswer(req)).text).to.equal('taken');
  });

  it('get a clear answer where they bring something else than HTTP/1.1', async () => {
    gateway = await startGateway();
    for (const [bytes, status, code] of [
      ['SSH-2.0-x\r\n\r\n', 400, 'malformed-request'],
      ['GET / HTTP/1.1\r\nBad Header: x\r\n\r\n', 400, 'malformed-request'],
      [`GET / HTTP/1.1\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, 431, 'headers-too-large'],
      ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'malformed-request'],
      ['POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n', 417, 'expectation-failed'],
    ] as const) {
      const client = await gateway.connect();
      client.write(bytes);
      const answer = await readText(client);
      expect(answer, code).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).to.include(`"code":"${code}"`);
      expect(answer).to.match(/content-security-policy: default-src 'none'/);
    }
  });

  it('serve one request after the other', async () => {
    gateway = await startGateway();
    const client = await gateway.connect();
    for (let round = 0; round < 3; round += 1) {
      client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await readHead(client)).to.match(/^HTTP\/1\.1 200 OK/);
      await once(client, 'readable');
      client.read();
    }
    client.destroy();
  });

  it('still get the answer after they half-closed', async () => {
    gateway = await startGateway();
    const client = await gateway.connect();
    client.end('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n{"username":"the-admin","password":"right"}'.replace('42', '43'));
    expect(await readText(client)).to.match(/^HTTP\/1\.1 201 Created/);
  });

  it('are told apart by the address that the listener gave', async () => {
    const addresses: string[] = [];
    gateway = await startGateway();
    const { signIn } = gateway.accounts;
    Object.assign(gateway.accounts, {
      signIn: (credentials: Parameters<typeof signIn>[0], origin: Parameters<typeof signIn>[1]) => {
        addresses.push(origin.address);
        return signIn(credentials, origin);
      },
    });
    await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body: '{"username":"the-admin","password":"right"}', headers: { 'x-forwarded-for': '10.9.8.7' } });
    expect(addresses).to.deep.equal(['192.0.2.7']);
  });

  it('may not pile up requests on one connection without end', async () => {
    gateway = await startGateway();
    engine = await startHttpEngine(gateway.enginePath, () => undefined);
    const client = await gateway.connect();
    client.write(requestHead('GET', `${DOCKER}/events`).repeat(40));
    await readText(client).catch(() => undefined);
    expect(engine.connections.length).to.be.below(3);
  });

  it('end when the gateway closes: idle and followed ones at once, others after their answer, all after the grace', async () => {
    gateway = await startGateway();
    const answers: (() => void)[] = [];
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.url === '/slow') answers.push(() => res.end('whole'));
      else res.writeHead(200).write('for ever');
    });
    const idle = await gateway.connect();
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await readHead(idle);
    const slow = gateway.open(`${DOCKER}/slow`).end();
    const slowAnswer = wholeAnswer(slow);
    const begun = async (path: string): Promise<IncomingMessage> => {
      const [res] = (await once(gateway.open(`${DOCKER}${path}`).end(), 'response')) as [IncomingMessage];
      await once(res, 'data');
      return res;
    };
    const followed = await begun('/events');
    const exported = await begun('/containers/x/export');
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));

    const closed = gateway.gateway.close({ graceMs: 600 });
    idle.resume();
    await Promise.all([once(idle, 'end'), once(followed, 'error')]);
    expect(exported.destroyed).to.equal(false);
    answers[0]?.();
    const answer = await slowAnswer;
    expect(answer.text).to.equal('whole');
    await once(exported, 'error');
    await closed;
    for (const path of ['/events', '/containers/x/export']) expect(await gateway.activity.outcomeOf(path)).to.include({ failure: 'shutting-down' });
  });
});
