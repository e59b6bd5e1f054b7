/** exec, attach and their kin through the proxy: a connection that turns into raw bytes, with real half-close. */
import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { startRawEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';
import { readHead, readText, readToEnd, readUntil, requestHead } from '../support/raw-client.ts';

const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
const HIJACKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n';
const MULTIPLEXED = UPGRADED.replace('raw-stream', 'multiplexed-stream');
const EXEC = `${DOCKER}/v1.41/exec/abc/start`;
const ASK = ['Connection: Upgrade', 'Upgrade: tcp'];

/** As engines frame output where there is no terminal. */
function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe('raw streams through the Docker proxy', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;

  beforeEach(async () => {
    gateway = await startGateway({ limits: { rawLingerMs: 150 } });
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  it('gives the engine the request’s body before its 101, and what the client said early only after it', async () => {
    const body = '{"Detach":false,"Tty":true}';
    const early: Buffer[] = [];
    engine = await startRawEngine(gateway.enginePath, (socket, { head, rest }) => {
      expect(head).to.match(/^POST \/v1\.41\/exec\/abc\/start HTTP\/1\.1\r\n/);
      expect(head).to.match(/\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/);
      expect(head).to.match(/\r\nContent-Length: 27\r\n/);
      early.push(rest);
      socket.on('data', (chunk: Buffer) => early.push(chunk));
      // Whatever came by now came before the 101.
      setTimeout(() => {
        expect(Buffer.concat(early).toString()).to.equal(body);
        socket.write(`${UPGRADED}first output`);
      }, 100);
    });
    const client = await gateway.connect();
    client.write(`${requestHead('POST', EXEC, [...ASK, 'Content-Type: application/json', `Content-Length: ${body.length}`])}${body}typed early`);
    const head = await readHead(client);
    expect(head).to.match(/^HTTP\/1\.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/);
    expect(head).to.match(/\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/);
    expect(head).to.match(/sandbox/);
    expect(await readUntil(client, 'first output')).to.equal('first output');
    const socket = engine.connections[0];
    if (socket !== undefined && !Buffer.concat(early).toString().endsWith('typed early')) await once(socket, 'data');
    expect(Buffer.concat(early).toString()).to.equal(`${body}typed early`);
  });

  it('reads a body that arrives in pieces, after the header', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { rest }) => {
      let body = rest.toString();
      socket.on('data', (chunk: Buffer) => {
        body += chunk.toString();
        if (body === '{"Tty":false}') socket.end(`${UPGRADED}ok`);
      });
      if (body === '{"Tty":false}') socket.end(`${UPGRADED}ok`);
      socket.resume();
    });
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, [...ASK, 'Content-Length: 13']));
    for (const piece of ['{"Tty', '":fal', 'se}']) {
      await new Promise((resolve) => client.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await readHead(client);
    expect(await readText(client)).to.equal('ok');
  });

  it('carries the end of standard input to the engine while output goes on (echo x | docker exec -i)', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { rest }) => {
      socket.write(UPGRADED);
      const hash = createHash('sha256').update(rest);
      socket.on('data', (chunk) => hash.update(chunk));
      socket.on('end', () => socket.end(hash.digest('hex')));
    });
    const input = randomBytes(1024 * 1024 + 1);
    const client = await gateway.connect();
    client.write(requestHead('POST', `${DOCKER}/containers/c/attach?stream=1&stdin=1&stdout=1`, ASK));
    await readHead(client);
    client.end(input);
    expect(await readText(client)).to.equal(createHash('sha256').update(input).digest('hex'));
    const outcome = await gateway.activity.outcomeOf('/containers/c/attach');
    expect(outcome).to.include({ status: 101, failure: null, bytesSent: input.length, bytesReceived: 64 });
    expect(gateway.activity.entries.map((entry) => [entry.what, 'kind' in entry ? entry.kind : ''])).to.deep.equal([
      ['started', ''],
      ['opened', 'attach'],
      ['closed', 'attach'],
      ['proxied', ''],
    ]);
    expect(gateway.tunnel.holds()).to.equal(0);
  });

  it('carries the end of output to the client while input goes on', async () => {
    const { promise: whole, resolve } = Promise.withResolvers<string>();
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.end(`${UPGRADED}that was all`);
      void readText(socket).then(resolve);
    });
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, ASK));
    await readHead(client);
    expect(await readText(client)).to.equal('that was all');
    client.write('but I ');
    client.end('go on');
    expect(await whole).to.equal('but I go on');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ failure: null });
  });

  it('lets a client go that says nothing more after the engine has ended', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => void socket.end(`${UPGRADED}bye`));
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, ASK));
    await readHead(client);
    expect(await readText(client)).to.equal('bye');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ status: 101 });
  });

  it('delivers all output of a process that ends while its input still comes (yes | docker exec -i c head)', async () => {
    const output = randomBytes(4 * 1024 * 1024);
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.write(UPGRADED);
      socket.end(output);
      // It takes no more input: to the tunnel that is a reset, after all that it said.
      gateway.tunnel.dialled.at(-1)?.once('end', () => gateway.tunnel.resetNewest());
    });
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, ASK));
    await readHead(client);
    const yes = (): void => {
      if (!client.destroyed && client.writable) client.write(Buffer.alloc(65_536, 'y\n'), () => setImmediate(yes));
    };
    yes();
    expect((await readToEnd(client)).equals(output)).to.equal(true);
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ status: 101, failure: null, bytesReceived: output.length });
  });

  it('loses and reorders nothing of a long conversation in both directions', async () => {
    const there = randomBytes(8 * 1024 * 1024);
    const back = randomBytes(8 * 1024 * 1024);
    const { promise: received, resolve } = Promise.withResolvers<Buffer>();
    engine = await startRawEngine(gateway.enginePath, (socket, { rest }) => {
      if (rest.length > 0) socket.unshift(rest);
      socket.write(UPGRADED);
      socket.end(back);
      void readToEnd(socket).then(resolve);
    });
    const client = await gateway.connect();
    // With the header, so that the first bytes of it wait at the gateway.
    client.write(requestHead('POST', EXEC, ASK));
    client.end(there);
    await readHead(client);
    expect((await readToEnd(client)).equals(back)).to.equal(true);
    expect((await received).equals(there)).to.equal(true);
  });

  it('streams raw after a 200 too, as older engines answer an upgrade request', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => echoUntilEnd(socket));
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, ASK));
    const head = await readHead(client);
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).not.to.match(/transfer-encoding|content-length/i);
    client.write('ping');
    expect(await readUntil(client, 'ping')).to.equal('ping');
    client.end('pong');
    expect(await readText(client)).to.equal('pong!');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ status: 200, failure: null, bytesSent: 8, bytesReceived: 9 });
  });

  it('streams raw after a 200 for a client that asked for no upgrade', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { head }) => {
      expect(head).not.to.match(/upgrade/i);
      echoUntilEnd(socket);
    });
    const body = '{"Tty":true}';
    const client = await gateway.connect();
    client.write(`${requestHead('POST', EXEC, [`Content-Length: ${body.length}`])}${body}`);
    const head = await readHead(client);
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).to.match(/\r\nConnection: close\r\n/i);
    expect(head).not.to.match(/transfer-encoding/i);
    client.write('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readUntil(client, '\r\n\r\n')).to.match(/GET \/ping/);
    client.end('pong');
    expect(await readText(client)).to.equal('pong!');
    const entries = gateway.activity.entries.map((entry) => [entry.what, 'kind' in entry ? entry.kind : '']);
    await gateway.activity.outcomeOf('/v1.41/exec');
    expect(entries.slice(0, 2)).to.deep.equal([['started', ''], ['opened', 'exec']]);
  });

  it('passes an engine’s refusal of an upgrade on as it is', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.write('HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write('1a\r\n{"message":"not running"}\n\r\n0\r\n\r\n');
    });
    const client = await gateway.connect();
    client.write(`${requestHead('POST', EXEC, [...ASK, 'Content-Length: 2'])}{}`);
    const answer = await readText(client);
    expect(answer).to.match(/^HTTP\/1\.1 409 Conflict\r\n/);
    expect(answer).to.match(/\r\nConnection: close\r\n/i);
    expect(answer).to.include('{"message":"not running"}');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ status: 409, failure: null });
  });

  it('refuses an upgrade request as the Docker CLI prints it', async () => {
    engine = await startRawEngine(gateway.enginePath, () => undefined);
    const client = await gateway.connect();
    client.write(`POST ${EXEC} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}`);
    const answer = await readText(client);
    expect(answer).to.match(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).to.match(/\{"message":"Sign in[^"]*","code":"unauthenticated"\}$/);
    expect(engine.connections).to.have.length(0);
  });

  it('destroys the client’s side when the engine’s breaks, and the other way round', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.write(UPGRADED);
      socket.resume();
    });
    const first = await gateway.connect();
    first.write(requestHead('POST', EXEC, ASK));
    await readHead(first);
    first.resume();
    gateway.tunnel.resetNewest();
    await once(first, 'end');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ failure: 'channel-reset' });
    gateway.activity.entries.length = 0;

    const second = await gateway.connect();
    second.write(requestHead('POST', EXEC, ASK));
    await readHead(second);
    const channel = gateway.tunnel.dialled.at(-1);
    if (channel === undefined) throw new Error('nothing was dialled');
    for (const socket of gateway.serverSockets) socket.destroy();
    await once(channel, 'close');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ failure: 'client-disconnected' });
  });

  it('says within a multiplexed stream that the tunnel was lost, as an error that the Docker CLI ends with', async () => {
    const output = frame(1, 'begun\n');
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      // The frame in two pieces, its header cut.
      socket.write(Buffer.concat([Buffer.from(MULTIPLEXED), output.subarray(0, 3)]));
      setImmediate(() => socket.write(output.subarray(3)));
    });
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, [...ASK, 'Content-Length: 0']));
    await readHead(client);
    expect(await readUntil(client, 'begun\n')).to.equal(output.toString('latin1'));
    gateway.tunnel.lose();
    expect(await readToEnd(client)).to.deep.equal(frame(3, 'homeport: The tunnel was lost.'));
  });

  it('says so within the frames of older engines too, which do not name them: an exec by its request, an attach by its output', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { head }) => {
      socket.write(head.startsWith('POST /v1.41/exec') ? UPGRADED : Buffer.concat([Buffer.from(UPGRADED), frame(2, 'begun\n')]));
    });
    for (const { target, body, ends } of [
      { target: EXEC, body: '{"Tty":false}', ends: frame(3, 'homeport: The tunnel was lost.') },
      { target: EXEC, body: '{"Tty":true}', ends: Buffer.alloc(0) },
      { target: `${DOCKER}/v1.41/containers/abc/attach`, body: '', ends: Buffer.concat([frame(2, 'begun\n'), frame(3, 'homeport: The tunnel was lost.')]) },
    ]) {
      const client = await gateway.connect();
      client.write(`${requestHead('POST', target, [...ASK, `Content-Length: ${body.length}`])}${body}`);
      await readHead(client);
      if (body === '') {
        client.unshift(Buffer.from(await readUntil(client, 'begun\n'), 'latin1'));
      }
      gateway.tunnel.lose();
      expect((await readToEnd(client)).toString('latin1'), `${target} ${body}`).to.equal(ends.toString('latin1'));
    }
  });

  it('puts nothing into the middle of what the engine was saying', async () => {
    const output = frame(1, 'begun and never ended\n');
    engine = await startRawEngine(gateway.enginePath, (socket) => socket.write(Buffer.concat([Buffer.from(MULTIPLEXED), output.subarray(0, 13)])));
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, [...ASK, 'Content-Length: 0']));
    await readHead(client);
    await readUntil(client, 'begun');
    gateway.tunnel.lose();
    expect((await readToEnd(client)).toString()).to.equal('');
  });

  it('ends a raw stream when its session ends', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket) => {
      socket.write(UPGRADED);
      socket.resume();
    });
    const client = await gateway.connect();
    client.write(requestHead('POST', EXEC, ASK));
    await readHead(client);
    client.resume();
    gateway.accounts.end('admin');
    await once(client, 'end');
    expect(await gateway.activity.outcomeOf('/v1.41/exec')).to.include({ status: 101, failure: 'session-ended' });
  });

  it('upgrades session and grpc to h2c', async () => {
    engine = await startRawEngine(gateway.enginePath, (socket, { head }) => {
      expect(head).to.match(/\r\nX-Docker-Expose-Session-Uuid: u1\r\n/);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\npreface');
    });
    for (const route of ['session', 'grpc']) {
      const client = await gateway.connect();
      client.write(requestHead('POST', `${DOCKER}/v1.41/${route}`, ['Connection: Upgrade', 'Upgrade: h2c', 'X-Docker-Expose-Session-Uuid: u1']));
      expect(await readHead(client)).to.match(/^HTTP\/1\.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n/);
      expect(await readText(client)).to.equal('preface');
    }
  });
});

/** Answers 200 without a length and echoes until the client's end, then says so. */
function echoUntilEnd(socket: Socket): void {
  socket.write(HIJACKED);
  socket.on('data', (chunk: Buffer) => void socket.write(chunk));
  socket.on('end', () => socket.end('!'));
}
