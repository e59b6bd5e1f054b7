/** The local Docker endpoint of `homeport connect`, spoken to as Docker clients speak. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createDockerForwarder } from '../../services/cli/connect/docker-forwarder.ts';
import { listenOnLoopback, parseListenAddress } from '../../services/cli/connect/local-endpoint.ts';
import { createTransport } from '../../services/cli/rest/transport.ts';
import { PREFIX, startLocalSide, startProxyServer } from './support/proxy-server.ts';
import type { LocalSide, ProxyServer } from './support/proxy-server.ts';

describe('the local Docker endpoint', () => {
  let server: ProxyServer;
  let local: LocalSide;
  /** What the server does with a request or an upgrade; each test sets its own. */
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

  before(async () => {
    server = await startProxyServer(
      (incoming, response) => answer(incoming, response),
      (incoming, socket, head) => upgrade(incoming, socket, head),
    );
    server.server.on('checkContinue', (incoming: IncomingMessage, response: ServerResponse) => answer(incoming, response));
  });
  beforeEach(async () => {
    local = await startLocalSide(server.port, { kind: 'authority', pem: server.ca }, 'node1');
  });
  afterEach(() => local.close());
  after(() => server.close());

  const send = (method: string, path: string, options: { headers?: Record<string, string>; agent?: Agent; body?: Readable | string } = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: local.socketPath, method, path, headers: options.headers, agent: options.agent }, resolve);
      outgoing.once('error', reject);
      if (options.body instanceof Readable) options.body.pipe(outgoing);
      else outgoing.end(options.body);
    });
  const dial = (): Socket => connect({ path: local.socketPath, allowHalfOpen: true });

  it('signs in every request of a connection, and asks for the engine of the environment and node', async () => {
    const seen: { url: string | undefined; headers: IncomingMessage['headers'] }[] = [];
    answer = ({ url, headers }, response) => {
      seen.push({ url, headers });
      response.end('ok');
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/_ping', '/v1.41/containers/json?all=1&filters=%7B%22a%22%3A1%7D']) {
      const headers = { authorization: 'Basic bm9ib2R5', cookie: 'a=b', 'x-homeport-csrf': '1', 'x-registry-auth': 'kept' };
      expect(await text(await send('GET', path, { agent, headers }))).to.equal('ok');
    }
    agent.destroy();
    expect(seen.map(({ url }) => url)).to.deep.equal([`${PREFIX}/_ping`, `${PREFIX}/v1.41/containers/json?all=1&filters=%7B%22a%22%3A1%7D`]);
    for (const { headers } of seen) {
      expect(headers).to.include({ authorization: 'Bearer hp_test', 'x-homeport-node': 'node1', 'x-registry-auth': 'kept', host: `localhost:${server.port}` });
      expect(headers).to.not.have.any.keys('cookie', 'x-homeport-csrf');
    }
  });

  it('passes status, headers and body of the answer on as they are', async () => {
    answer = (_incoming, response) => void response.writeHead(404, 'No Such Thing', ['Api-Version', '1.41', 'Content-Type', 'application/json']).end('{"message":"no such container"}');
    const response = await send('DELETE', '/containers/x');
    expect(await text(response)).to.equal('{"message":"no such container"}');
    expect({ status: response.statusCode, reason: response.statusMessage, version: response.headers['api-version'] }).to.deep.equal({ status: 404, reason: 'No Such Thing', version: '1.41' });
  });

  it('gives a POST without a body the length 0, as engines expect it', async () => {
    answer = ({ headers }, response) => void response.end(JSON.stringify({ length: headers['content-length'], encoding: headers['transfer-encoding'] }));
    const socket = dial();
    socket.write('POST /containers/x/start HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).to.contain('{"length":"0"}');
    socket.destroy();
  });

  it('streams a large upload of unknown length, and a large answer to a reader that takes its time', async () => {
    const bytes = randomBytes(24 * 1024 * 1024);
    const sum = createHash('sha256').update(bytes).digest('hex');
    answer = (incoming, response) =>
      void buffer(incoming).then((received) => {
        response.setHeader('sum', createHash('sha256').update(received).digest('hex'));
        Readable.from([received]).pipe(response);
      });
    const response = await send('POST', '/build', { body: Readable.from(chunksOf(bytes)) });
    expect(response.headers['sum']).to.equal(sum);
    const hash = createHash('sha256');
    for await (const chunk of response as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(hash.digest('hex')).to.equal(sum);
  });

  it('delivers the head of a followed log before its first line', async () => {
    answer = (_incoming, response) => response.writeHead(200).flushHeaders();
    const response = await send('GET', '/containers/x/logs?follow=1');
    expect(response.statusCode).to.equal(200);
    response.destroy();
  });

  it('ends a followed log at the server when the client is gone', async () => {
    const gone = new Promise((resolve) => {
      answer = (_incoming, response) => {
        response.once('close', resolve);
        response.writeHead(200).flushHeaders();
      };
    });
    const response = await send('GET', '/containers/x/logs?follow=1');
    response.destroy();
    await gone;
  });

  it('sends a body that waits for 100 Continue once the engine wants it', async () => {
    answer = (incoming, response) => {
      response.writeContinue();
      void text(incoming).then((body) => response.end(`got ${body}`));
    };
    const socket = dial();
    socket.write('POST /build HTTP/1.1\r\nHost: docker\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).to.equal('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('hello');
    expect(await text(socket)).to.match(/^HTTP\/1.1 200 OK\r\n[^]*got hello/);
  });

  it('passes a refusal on to a client that waits for 100 Continue, and then closes', async () => {
    answer = (_incoming, response) => void response.writeHead(413).end('too large');
    const socket = dial();
    socket.write('POST /build HTTP/1.1\r\nHost: docker\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
    expect(await text(socket)).to.match(/^HTTP\/1.1 413 [^]*connection: close[^]*too large/i);
    socket.destroy();
  });

  it('joins exec byte for byte: a body in pieces, bytes of every value, half-close of stdin', async () => {
    upgrade = (incoming, socket, head) => {
      const length = Number(incoming.headers['content-length']);
      socket.unshift(head);
      socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      socket.write(`${incoming.url} ${String(incoming.headers.authorization)}\n`);
      // Says what it received once stdin has ended, as sha256sum does.
      void buffer(socket).then((received) => socket.end(`${received.toString('latin1', 0, length)} ${createHash('sha256').update(received.subarray(length)).digest('hex')}`));
    };
    const stdin = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, index) => index)), randomBytes(1_048_577)]);
    const socket = dial();
    socket.write('POST /v1.41/exec/e1/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"Tty":');
    socket.write('false }\n');
    socket.end(stdin);
    const received = await text(socket);
    expect(received).to.match(/^HTTP\/1.1 101 UPGRADED\r\n/);
    expect(received).to.contain(`${PREFIX}/v1.41/exec/e1/start Bearer hp_test\n`);
    expect(received).to.match(new RegExp(`\\{"Tty":false \\}\n ${createHash('sha256').update(stdin).digest('hex')}$`));
  });

  it('delivers what an engine sends right after its 101, and its half-close, while stdin stays open', async () => {
    upgrade = (_incoming, socket) => {
      socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nlast words');
      void text(socket).then((stdin) => seen.resolve(stdin));
    };
    const seen = Promise.withResolvers<string>();
    const socket = dial();
    socket.write('POST /containers/x/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    expect(await text(socket)).to.match(/last words$/);
    socket.end('typed after the end');
    expect(await seen.promise).to.equal('typed after the end');
  });

  it('answers a refused upgrade and closes: nothing after it slips past', async () => {
    const urls: (string | undefined)[] = [];
    answer = ({ url }, response) => {
      urls.push(url);
      response.end();
    };
    upgrade = (incoming, socket) => {
      urls.push(incoming.url);
      socket.write('HTTP/1.1 409 Conflict\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\nstopped');
      socket.on('data', (chunk: Buffer) => urls.push(chunk.toString())).on('error', () => undefined);
    };
    const socket = dial();
    socket.write('POST /exec/e1/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n');
    // Ends by itself, although the server would keep its connection.
    expect(await text(socket)).to.equal('HTTP/1.1 409 Conflict\r\nContent-Length: 7\r\nConnection: close\r\n\r\nstopped');
    socket.on('error', () => undefined).end('GET /containers/json HTTP/1.1\r\nHost: docker\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(urls).to.deep.equal([`${PREFIX}/exec/e1/start`]);
  });

  it('answers pipelined requests in order, also where the last one is an upgrade', async () => {
    answer = (_incoming, response) => void setTimeout(() => response.end('info'), 200);
    upgrade = (_incoming, socket) => void socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw');
    const socket = dial();
    socket.write('GET /info HTTP/1.1\r\nHost: docker\r\n\r\nPOST /session HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    expect(await text(socket)).to.match(/^HTTP\/1.1 200 OK[^]*info[^]*HTTP\/1.1 101 UPGRADED[^]*raw$/);
    socket.destroy();
  });

  it('tries a read again whose pooled connection the server had just closed', async () => {
    let connections = 0;
    const counting = (): number => (connections += 1);
    server.server.on('secureConnection', counting);
    answer = ({ socket, url }, response) => {
      if (url?.endsWith('/second') === true && connections === 1) socket.destroy();
      else response.end('ok');
    };
    await text(await send('GET', '/first'));
    expect(await text(await send('GET', '/second'))).to.equal('ok');
    expect(connections).to.equal(2);
    server.server.off('secureConnection', counting);
  });

  it('refuses what a web page sends', async () => {
    answer = () => expect.fail('it was passed on');
    const response = await send('POST', '/containers/create', { headers: { origin: 'https://example.com' } });
    expect(response.statusCode).to.equal(403);
    response.resume();
  });

  it('refuses, on a TCP port, a page whose name was made to lead there, and serves a Docker client', async () => {
    answer = (_request, response) => response.end('ok');
    const transport = createTransport(new URL(`https://localhost:${server.port}`), { kind: 'authority', pem: server.ca });
    const forwarder = createDockerForwarder(transport, { pathPrefix: '/docker', host: `localhost:${server.port}`, authorization: {}, node: undefined });
    const endpoint = await listenOnLoopback(forwarder.server, parseListenAddress('127.0.0.1:0'));
    const { port } = new URL(endpoint.dockerHost.replace('tcp:', 'http:'));
    const statusFor = async (host: string): Promise<number | undefined> => {
      const response = await new Promise<IncomingMessage>((resolve) => request({ host: '127.0.0.1', port, path: '/info', headers: { host }, agent: false }, resolve).end());
      response.resume();
      return response.statusCode;
    };
    expect(await statusFor(`evil.example:${port}`)).to.equal(403);
    expect(await statusFor(`127.0.0.1:${port}`)).to.equal(200);
    await forwarder.close();
    endpoint.remove();
    transport.close();
  });

  it('tells the Docker client, in its own form, that the server is away', async () => {
    const away = await startProxyServer(() => undefined);
    await away.close();
    const orphan = await startLocalSide(away.port, { kind: 'authority', pem: away.ca });
    const response = await new Promise<IncomingMessage>((resolve) => request({ socketPath: orphan.socketPath, path: '/info' }, resolve).end());
    expect(response.statusCode).to.equal(502);
    expect(JSON.parse(await text(response))).to.have.property('message').that.contains("can't be reached (nothing listens there)");
    await orphan.close();
  });

  it('sends nothing to a server whose key is not the one confirmed at sign-in', async () => {
    let requests = 0;
    answer = (_incoming, response) => {
      requests += 1;
      response.end();
    };
    upgrade = () => (requests += 1);
    const wary = await startLocalSide(server.port, { kind: 'key', spkiSha256: Buffer.alloc(32).toString('base64') });
    const response = await new Promise<IncomingMessage>((resolve) => request({ socketPath: wary.socketPath, path: '/info' }, resolve).end());
    expect(await text(response)).to.contain('shows another key than at sign-in');
    const socket = connect({ path: wary.socketPath });
    socket.write('POST /exec/e1/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    expect(await text(socket)).to.contain('shows another key than at sign-in');
    expect(requests).to.equal(0);
    await wary.close();
  });
});

function* chunksOf(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let offset = 0; offset < bytes.length; offset += 61_441) yield bytes.subarray(offset, offset + 61_441);
}
