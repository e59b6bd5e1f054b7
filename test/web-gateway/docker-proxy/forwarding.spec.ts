/** The Docker API through the proxy: what crosses, in both directions, and how it streams. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { buffer, text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import { startHttpEngine, startRawEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, wholeAnswer, type GatewayFixture } from '../support/gateway-fixture.ts';

describe('the Docker proxy', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;

  beforeEach(async () => {
    gateway = await startGateway();
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  it('opens the tunnel for the first call and answers as the engine does', async () => {
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      res.setHeader('Api-Version', '1.41');
      res.setHeader('Docker-Experimental', 'false');
      res.end(JSON.stringify({ url: req.url, host: req.headers.host }));
    });
    const answer = await gateway.call(`${DOCKER}/v1.41/containers/json?all=1&filters=%7B%7D`);
    expect(answer.status).to.equal(200);
    expect(answer.json).to.deep.equal({ url: '/v1.41/containers/json?all=1&filters=%7B%7D', host: 'docker' });
    expect(answer.headers['api-version']).to.equal('1.41');
    expect(answer.headers['docker-experimental']).to.equal('false');
    expect(gateway.tunnel.required).to.deep.equal(['tunnel-e1']);
    const outcome = await gateway.activity.outcomeOf('/v1.41/containers/json?all=1');
    expect(outcome).to.include({ status: 200, failure: null, bytesReceived: answer.body.length });
    expect(gateway.tunnel.holds()).to.equal(0);
  });

  it('keeps the way a body is delimited, and its trailers, in both directions', async () => {
    const seen: Record<string, unknown>[] = [];
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      void text(req).then((body) => {
        seen.push({ body, length: req.headers['content-length'], coding: req.headers['transfer-encoding'], trailers: req.trailers });
        if (req.url === '/build') {
          res.writeHead(200, { 'Transfer-Encoding': 'chunked', Trailer: 'Docker-Digest' });
          res.addTrailers({ 'Docker-Digest': 'abc', 'Set-Cookie': 'a=b' });
        }
        res.end('done');
      });
    });
    const fixed = await gateway.call(`${DOCKER}/containers/create`, { method: 'POST', body: 'twelve bytes' });
    expect(fixed.headers['content-length']).to.equal('4');
    expect(seen[0]).to.include({ body: 'twelve bytes', length: '12', coding: undefined });

    const req = gateway.open(`${DOCKER}/build`, { method: 'POST', headers: { 'transfer-encoding': 'chunked', trailer: 'X-Sum, Cookie' } });
    req.write('one ');
    req.write('two');
    req.addTrailers({ 'X-Sum': '7', Cookie: 'secret=1' });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    expect(await text(res)).to.equal('done');
    expect(res.headers).to.include({ 'transfer-encoding': 'chunked' });
    expect(res.trailers).to.deep.equal({ 'docker-digest': 'abc' });
    expect(seen[1]).to.deep.include({ body: 'one two', length: undefined, coding: 'chunked', trailers: { 'x-sum': '7' } });

    const empty = await gateway.call(`${DOCKER}/containers/x/start`, { method: 'POST' });
    expect(empty.status).to.equal(200);
    expect(seen[2]).to.include({ body: '', length: '0', coding: undefined });
  });

  it('answers HEAD, 204 and 304 without a body and with the engine’s length', async () => {
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': '1234', 'X-Docker-Container-Path-Stat': 'e30=' }).end();
      else res.writeHead(req.url === '/none' ? 204 : 304).end();
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const head = await wholeAnswer(gateway.open(`${DOCKER}/containers/x/archive?path=%2Fetc`, { method: 'HEAD', agent }).end());
    expect(head.headers).to.include({ 'content-length': '1234', 'x-docker-container-path-stat': 'e30=' });
    for (const [target, status] of [['/none', 204], ['/same', 304]] as const) {
      const answer = await wholeAnswer(gateway.open(`${DOCKER}${target}`, { agent }).end());
      expect(answer.status).to.equal(status);
    }
    agent.destroy();
  });

  it('shows the header and each line of a followed log as it comes', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/vnd.docker.raw-stream' });
      res.flushHeaders();
      gateway.serverSockets.forEach((socket) => socket.once('say' as 'close', () => res.write('line 1\n')));
    });
    const req = gateway.open(`${DOCKER}/containers/x/logs?follow=1&stdout=1`).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    gateway.serverSockets.forEach((socket) => socket.emit('say'));
    const [line] = (await once(res, 'data')) as [Buffer];
    expect(line.toString()).to.equal('line 1\n');
    expect(gateway.tunnel.holds()).to.equal(1);
    req.destroy();
    const outcome = await gateway.activity.outcomeOf('/containers/x/logs');
    expect(outcome).to.include({ status: 200, failure: 'client-disconnected', bytesReceived: 7 });
    expect(gateway.activity.entries.map(({ what }) => what)).to.deep.equal(['opened', 'closed', 'proxied']);
    expect(gateway.tunnel.holds()).to.equal(0);
  });

  it('waits for the engine’s 100 before the client sends its body, and passes on a refusal instead', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { head, rest }) => {
      expect(head).to.match(/\r\nExpect: 100-continue\r\n/);
      expect(rest).to.have.length(0);
      if (head.includes('/refused')) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      socket.once('data', (body) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body.toString()}`));
      socket.resume();
    });
    const req = gateway.open(`${DOCKER}/build`, { method: 'POST', headers: { expect: '100-continue', 'content-length': '5' } });
    let continued = 0;
    req.on('continue', () => {
      continued += 1;
      req.end('hello');
    });
    req.flushHeaders();
    expect((await wholeAnswer(req)).text).to.equal('hello');
    expect(continued).to.equal(1);

    const refused = gateway.open(`${DOCKER}/refused`, { method: 'POST', headers: { expect: '100-continue', 'content-length': '5' } });
    refused.on('continue', () => expect.fail('must not be asked for its body'));
    refused.flushHeaders();
    const answer = await wholeAnswer(refused);
    expect(answer.status).to.equal(403);
    refused.destroy();
  });

  it('streams what is larger than its buffers at the slower side’s pace', async () => {
    let taken = 0;
    let sent = 0;
    const piece = Buffer.alloc(64 * 1024, 7);
    const total = 64 * 1024 * 1024;
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.method === 'POST') {
        // Takes nothing until it is told to.
        gateway.tunnel.dialled.at(-1)?.once('go' as 'close', () => {
          req.on('data', (chunk: Buffer) => (taken += chunk.length));
          req.on('end', () => res.end());
        });
        return;
      }
      const write = (): void => {
        while (sent < total) {
          sent += piece.length;
          if (!res.write(piece)) return void res.once('drain', write);
        }
        res.end();
      };
      write();
    });
    // Down: the client reads nothing for a while.
    const down = gateway.open(`${DOCKER}/containers/x/export`).end();
    const [res] = (await once(down, 'response')) as [IncomingMessage];
    res.pause();
    await standsStill(() => sent);
    expect(sent).to.be.below(24 * 1024 * 1024);
    expect((await buffer(res)).length).to.equal(total);

    // Up: the engine reads nothing for a while.
    const up = gateway.open(`${DOCKER}/images/load`, { method: 'POST', headers: { 'content-length': String(total) } });
    let written = 0;
    const push = (): void => {
      while (written < total) {
        written += piece.length;
        if (!up.write(piece)) return void up.once('drain', push);
      }
      up.end();
    };
    push();
    await eventually('the engine to be called', () => (engine.connections.length >= 2 ? true : undefined));
    await standsStill(() => written);
    expect(written).to.be.below(24 * 1024 * 1024);
    gateway.tunnel.dialled.at(-1)?.emit('go');
    expect((await wholeAnswer(up)).status).to.equal(200);
    expect(taken).to.equal(total);
    expect(await gateway.activity.outcomeOf('/images/load')).to.include({ bytesSent: total });
  });

  it('stops the engine when the client has gone, however it went', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => {
      res.writeHead(200);
      res.flushHeaders();
    });
    for (const leave of ['destroy', 'end'] as const) {
      const socket = await gateway.connect();
      socket.write(`GET ${DOCKER}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hp_key-of-admin\r\n\r\n`);
      await once(socket, 'data');
      const toEngine = engine.connections.at(-1);
      if (toEngine === undefined) throw new Error('the engine was not called');
      socket[leave]();
      await once(toEngine, 'close');
    }
  });

  it('still answers a client that half-closed after its request', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => void setTimeout(() => res.end('late'), 200));
    const socket = await gateway.connect();
    socket.end(`GET ${DOCKER}/version HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hp_key-of-admin\r\n\r\n`);
    expect(await text(socket)).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*late$/);
  });

  it('cuts the client off where the engine breaks in the middle of its answer', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { head }) => {
      if (head.includes('/length')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
      else socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    });
    for (const target of ['/length', '/chunked']) {
      const failure = await gateway.call(`${DOCKER}${target}`).catch((error: unknown) => error);
      expect(failure, target).to.be.an('error');
      expect(await gateway.activity.outcomeOf(target)).to.include({ status: 200, failure: 'engine-closed' });
    }
  });

  it('cuts the client off with tunnel-lost where the tunnel goes in the middle', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => void res.writeHead(200).write('begun'));
    const req = gateway.open(`${DOCKER}/containers/x/export`).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    await once(res, 'data');
    gateway.tunnel.lose();
    await once(res, 'error');
    expect(await gateway.activity.outcomeOf('/containers/x/export')).to.include({ status: 200, failure: 'tunnel-lost' });
  });

  it('answers 502 tunnel-lost where the tunnel goes before the answer', async () => {
    engine = await startHttpEngine(gateway.enginePath, () => gateway.tunnel.lose());
    const answer = await gateway.call(`${DOCKER}/containers/x/stop`, { method: 'POST' });
    expect(answer.status).to.equal(502);
    expect(answer.json).to.deep.equal({ message: 'The tunnel was lost.', code: 'tunnel-lost' });
    expect(answer.headers['content-security-policy']).to.match(/default-src 'none'/);
  });

  it('answers 502 tunnel-lost at once also where the call waits on a kept channel', async () => {
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.url === '/hang') gateway.tunnel.lose();
      else res.end();
    });
    await gateway.call(`${DOCKER}/_ping`);
    gateway.tunnel.opensWhenRequired(false);
    const answer = await gateway.call(`${DOCKER}/hang`);
    expect(answer).to.deep.include({ status: 502, json: { message: 'The tunnel was lost.', code: 'tunnel-lost' } });
    expect(gateway.tunnel.dialled).to.have.length(1);
  });

  it('uses a channel again for reads, a fresh one for changes, and never sends a change twice', async () => {
    let changes = 0;
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.method === 'POST') changes += 1;
      if (req.url?.startsWith('/dies') === true) return void req.socket.destroy();
      res.end('ok');
    });
    for (let round = 0; round < 5; round += 1) expect((await gateway.call(`${DOCKER}/info`)).text).to.equal('ok');
    expect(engine.connections).to.have.length(1);
    expect((await gateway.call(`${DOCKER}/containers/x/start`, { method: 'POST' })).text).to.equal('ok');
    expect(engine.connections).to.have.length(2);
    const died = await gateway.call(`${DOCKER}/dies`, { method: 'POST' });
    expect(died).to.include({ status: 502 });
    expect(died.json).to.include({ code: 'engine-closed' });
    expect(changes).to.equal(2);
  });

  it('asks once more where a kept channel turns out to be dead', async () => {
    let isFirst = true;
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      if (req.url === '/second' && isFirst) {
        isFirst = false;
        return void req.socket.destroy();
      }
      res.end(req.url);
    });
    await gateway.call(`${DOCKER}/first`);
    expect((await gateway.call(`${DOCKER}/second`)).text).to.equal('/second');
    expect(engine.connections).to.have.length(2);
  });

  it('says why a tunnel does not open, and when to come again', async () => {
    engine = await startHttpEngine(gateway.enginePath, () => undefined);
    gateway.tunnel.opensWhenRequired(false);
    for (const [code, status] of [['tunnel-timeout', 504], ['agent-not-polling', 503]] as const) {
      gateway.tunnel.failWith(code);
      const answer = await gateway.call(`${DOCKER}/info`);
      expect(answer.status).to.equal(status);
      expect(answer.headers['retry-after']).to.equal('7');
      expect(answer.json).to.deep.equal({ message: 'It did not open.', code });
    }
  });

  it('answers 502 dial-failed where the agent finds no engine', async () => {
    engine = await startHttpEngine(`${gateway.enginePath}-elsewhere`, () => undefined);
    const answer = await gateway.call(`${DOCKER}/info`);
    expect(answer).to.include({ status: 502 });
    expect(answer.json).to.include({ code: 'dial-failed' });
  });

  it('refuses what may change something while it can not be recorded, and lets reads through', async () => {
    let calls = 0;
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => {
      calls += 1;
      res.end();
    });
    gateway.activity.storeAvailable = false;
    const refused = await gateway.call(`${DOCKER}/containers/x/start`, { method: 'POST' });
    expect(refused).to.include({ status: 503 });
    expect(refused.headers['retry-after']).to.equal('3');
    expect(refused.json).to.include({ code: 'event-store-unavailable' });
    expect(calls).to.equal(0);
    expect((await gateway.call(`${DOCKER}/info`)).status).to.equal(200);
  });

  it('records a change before the engine hears of it, under the name of who asked', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => {
      expect(gateway.activity.entries.map(({ what }) => what)).to.deep.equal(['started']);
      res.writeHead(201).end();
    });
    await gateway.call(`${DOCKER}/v1.41/containers/create?name=web&secret=hunter2`, { method: 'POST', body: '{}', as: 'operator', headers: { 'x-homeport-node': 'n0de1' } });
    const [started, proxied] = gateway.activity.entries;
    expect(started).to.deep.include({ what: 'started', actor: 'user:the-operator' });
    expect(started?.call).to.include({ method: 'POST', path: '/v1.41/containers/create?name=web' });
    expect(started?.call.key).to.deep.equal({ environmentId: 'e1', node: 'n0de1' });
    expect(proxied?.call).to.deep.equal(started?.call);
    expect(gateway.tunnel.required).to.deep.equal(['tunnel-e1_n0de1']);
  });

  it('ends a call whose API key is revoked meanwhile', async () => {
    engine = await startHttpEngine(gateway.enginePath, (_req, res) => void res.writeHead(200).write('begun'));
    const req = gateway.open(`${DOCKER}/events`, { as: 'operator' }).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    await once(res, 'data');
    gateway.accounts.end('operator');
    await once(res, 'error');
    expect(await gateway.activity.outcomeOf('/events')).to.include({ failure: 'session-ended' });
    expect((await gateway.call(`${DOCKER}/info`, { as: 'operator' })).json).to.include({ code: 'unauthenticated' });
  });

  it('reads on after an early refusal, so that the client can read it', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.resume();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
    });
    const answer = await gateway.call(`${DOCKER}/build`, { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024) });
    expect(answer).to.include({ status: 413, text: 'big' });
    const unauthorised = await gateway.call(`${DOCKER}/build`, { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024), as: null });
    expect(unauthorised).to.include({ status: 401 });
  });
});

/** Waits until a count has stopped growing. */
async function standsStill(count: () => number): Promise<void> {
  let before = -1;
  let same = 0;
  await eventually('the flow to stop', () => {
    same = count() === before ? same + 1 : 0;
    before = count();
    return same >= 8 ? true : undefined;
  });
}
