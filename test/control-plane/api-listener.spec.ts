/** The API's port, as browsers, curl, the Docker CLI, agents and strangers meet it. */
import * as grpc from '@grpc/grpc-js';
import * as http from 'node:http';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { once } from 'node:events';
import { expect } from 'chai';
import { createApiListener } from '../../services/control-plane/api-listener.ts';
import type { ApiListener, ApiListenerOptions } from '../../services/control-plane/api-listener.ts';
import { ListenError } from '../../services/control-plane/listen.ts';
import { createSelfSignedCertificate } from '../../services/control-plane/tls/self-signed-certificate.ts';
import type { SelfSignedCertificate } from '../../services/control-plane/tls/self-signed-certificate.ts';
import { PollServiceClient, PollServiceService } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type { PollServiceServer } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { temporaryFolder } from './tls/temporary-folder.ts';

/** What is said of a connection on which nobody is let in. */
const NOBODY = { admitted: Promise.resolve(false) };

describe('API listener', () => {
  const folder = temporaryFolder();
  let certificate: SelfSignedCertificate;
  let listener: ApiListener | undefined;
  let webServer: http.Server;
  let taken: string[];
  /** Ends with each test, and with it the server's end. */
  const opened = new Set<net.Socket>();

  beforeEach(async () => {
    taken = [];
    certificate = await createSelfSignedCertificate({ dataDir: folder(), names: ['localhost', '127.0.0.1'] });
    webServer = http.createServer((request, response) => response.end(`${request.method} ${request.url} by HTTP/${request.httpVersion}`));
  });

  afterEach(async () => {
    await listener?.close();
    for (const socket of opened) socket.destroy();
    opened.clear();
    listener = undefined;
    certificate.stop();
  });

  async function listen(options: Partial<ApiListenerOptions> = {}): Promise<ApiListener> {
    listener = await createApiListener({
      host: '127.0.0.1',
      port: 0,
      certificate: certificate.current(),
      onGrpc: (socket, { address }) => {
        taken.push(`grpc from ${address}`);
        socket.destroy();
        return { admitted: Promise.resolve(false) };
      },
      onHttp: (socket, { address }) => {
        taken.push(`http from ${address}`);
        webServer.emit('connection', socket);
      },
      ...options,
    });
    return listener;
  }

  async function connect(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
    const socket = tls.connect({ host: '127.0.0.1', port, ca: certificate.caPem, ...options });
    opened.add(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  async function textOf(socket: net.Socket): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1');
  }

  const REQUEST = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

  for (const [who, offer, chosen] of [
    ['the Docker CLI, which offers no protocol', undefined, false],
    ['curl and browsers, which offer h2 and http/1.1', ['h2', 'http/1.1'], 'http/1.1'],
    ['a client that offers http/1.1 alone', ['http/1.1'], 'http/1.1'],
  ] as const) {
    it(`serves HTTP/1.1 to ${who}`, async () => {
      const { port } = await listen();
      const socket = await connect(port, offer === undefined ? {} : { ALPNProtocols: [...offer] });
      expect(socket.alpnProtocol).to.equal(chosen);
      socket.write(REQUEST);
      expect(await textOf(socket)).to.contain('GET /hello by HTTP/1.1');
      expect(taken).to.deep.equal(['http from 127.0.0.1']);
    });
  }

  it('gives a connection that offers only h2 to gRPC', async () => {
    const server = new grpc.Server();
    const service: PollServiceServer = {
      poll: (call) => call.end(),
      recordSnapshot: (_call, callback) => callback(null, { unchanged: false }),
      getBinding: (_call, callback) => callback(null, { binding: Buffer.from('b'), signature: new Uint8Array(0), tunnelPublicKey: new Uint8Array(0), successions: [] }),
    };
    server.addService(PollServiceService, service);
    const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    const { port } = await listen({ onGrpc: (socket) => (injector.injectConnection(socket), NOBODY) });
    const client = new PollServiceClient(`127.0.0.1:${port}`, grpc.credentials.createSsl(Buffer.from(certificate.caPem)), {
      'grpc.ssl_target_name_override': 'localhost',
    });
    try {
      const answer = await new Promise((resolve, reject) =>
        client.getBinding({ nonce: Buffer.alloc(32), fingerprints: [] }, (error, value) => (error === null ? resolve(value) : reject(error))),
      );
      expect(answer).to.have.deep.property('binding', Buffer.from('b'));
      expect(taken).to.deep.equal([]);
    } finally {
      client.close();
      injector.destroy();
      server.forceShutdown();
    }
  });

  it('refuses, by TLS, a client that offers neither', async () => {
    const { port } = await listen();
    const socket = tls.connect({ host: '127.0.0.1', port, ca: certificate.caPem, ALPNProtocols: ['imap'] });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).to.have.property('code', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    expect(taken).to.deep.equal([]);
  });

  it('delivers a reply that comes after the client has ended its side', async () => {
    const ended = Promise.withResolvers<undefined>();
    const { port } = await listen({
      onHttp: (socket) => {
        socket.resume();
        socket.on('end', () => void ended.promise.then(() => socket.end('late but whole')));
      },
    });
    const socket = await connect(port);
    socket.end('question');
    const reply = textOf(socket);
    // Only now, when the server has long read the end.
    setImmediate(() => ended.resolve(undefined));
    expect(await reply).to.equal('late but whole');
  });

  it('redirects plain http to the same address by https', async () => {
    const { port } = await listen();
    const socket = net.connect(port, '127.0.0.1');
    socket.write(`GET /environments?x=1 HTTP/1.1\r\nHost: homeport.example:${port}\r\n`);
    socket.write('User-Agent: a browser\r\n\r\n');
    const reply = await textOf(socket);
    expect(reply).to.match(/^HTTP\/1\.1 308 /);
    expect(reply).to.contain(`\r\nLocation: https://homeport.example:${port}/environments?x=1\r\n`);
    expect(taken).to.deep.equal([]);
  });

  it('redirects nowhere else than to the host that was asked for', async () => {
    const { port } = await listen();
    for (const head of ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'GET https://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}`]) {
      const socket = net.connect(port, '127.0.0.1');
      socket.write(head);
      expect(await textOf(socket)).to.match(/^HTTP\/1\.1 400 /).and.not.contain('Location');
    }
  });

  it('hangs up on what is neither TLS nor HTTP', async () => {
    const { port } = await listen();
    const socket = net.connect(port, '127.0.0.1');
    socket.write(Buffer.from([0, 1, 2, 3]));
    expect(await textOf(socket)).to.equal('');
  });

  it('hangs up on a connection that says nothing, and on a handshake that stops half-way', async () => {
    const { port } = await listen({ handshakeDeadlineMs: 50 });
    const silent = net.connect(port, '127.0.0.1');
    const halfway = net.connect(port, '127.0.0.1');
    halfway.write(Buffer.from([0x16, 3, 1, 0, 200, 1]));
    expect(await Promise.all([textOf(silent), textOf(halfway)])).to.deep.equal(['', '']);
  });

  it('keeps a connection whose handshake is done beyond the deadline', async () => {
    const { port } = await listen({ handshakeDeadlineMs: 300 });
    const silent = net.connect(port, '127.0.0.1').resume();
    const socket = await connect(port);
    // The silent one was there first: once it is gone, the deadline of both has passed.
    await once(silent, 'close');
    const later = net.connect(port, '127.0.0.1').resume();
    await once(later, 'close');
    socket.write(REQUEST);
    expect(await textOf(socket)).to.contain('GET /hello');
  });

  it('bounds the connections that are still in their handshake, and frees their places', async () => {
    const { port } = await listen({ maxHandshakes: 2, handshakeDeadlineMs: 1000 });
    const stopHalfWay = async (): Promise<net.Socket> => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(Buffer.from([0x16, 3, 1, 0, 200, 1]));
      return socket;
    };
    const idle = [await stopHalfWay(), await stopHalfWay()];
    // Those that have said nothing are counted apart.
    const silent = net.connect(port, '127.0.0.1');
    opened.add(silent);
    await once(silent, 'connect');
    await once((await stopHalfWay()).resume(), 'close');
    await Promise.all(idle.map((socket) => once(socket.resume(), 'close')));
    const socket = await connect(port);
    socket.write(REQUEST);
    expect(await textOf(socket)).to.contain('GET /hello');
  });

  it('bounds the gRPC connections on which no agent was let in, and those with one count no more', async () => {
    const admissions: PromiseWithResolvers<boolean>[] = [];
    const { port } = await listen({
      maxUnadmitted: 2,
      onGrpc: () => {
        const admission = Promise.withResolvers<boolean>();
        admissions.push(admission);
        return { admitted: admission.promise };
      },
    });
    const connectGrpc = async (): Promise<tls.TLSSocket> => (await connect(port, { ALPNProtocols: ['h2'] })).on('error', () => undefined).resume();
    const [first, second] = [await connectGrpc(), await connectGrpc()];
    await once(await connectGrpc(), 'close');
    admissions[0]?.resolve(true);
    await admissions[0]?.promise;
    const fourth = await connectGrpc();
    await once(await connectGrpc(), 'close');
    expect([first, second, fourth].map(({ closed }) => closed)).to.deep.equal([false, false, false]);
    expect(admissions).to.have.length(3);
  });

  it('shows a new certificate from the next connection on', async () => {
    const { port } = await listen();
    const nameOnly = (name: string): tls.ConnectionOptions => ({ servername: name });
    const old = tls.connect({ host: '127.0.0.1', port, ca: certificate.caPem, ...nameOnly('a.example') });
    expect((await once(old, 'error'))[0]).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID');
    await certificate.addNames(['a.example']);
    listener?.setCertificate(certificate.current());
    const socket = await connect(port, nameOnly('a.example'));
    socket.destroy();
  });

  it('says what to do where the port is in use', async () => {
    const { port } = await listen();
    const failure = await createApiListener({ host: '127.0.0.1', port, certificate: certificate.current(), onGrpc: () => NOBODY, onHttp: () => undefined }).catch(
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(ListenError).with.property('code', 'port-in-use');
    expect(failure).to.have.property('message').that.matches(/--https-port/);
  });

  it('breaks a connection off by a reset where its owner asks for one, so that no client takes it for the end', async () => {
    const { port } = await listen({
      onHttp: (socket, { reset }) => {
        socket.once('data', () => socket.write('half of an answer', reset));
      },
    });
    const socket = await connect(port);
    socket.write(REQUEST);
    const errors: unknown[] = await once(socket.resume(), 'error');
    expect(errors[0]).to.have.property('code', 'ECONNRESET');
  });

  it('frees its port at once when it is closed, while connections it handed over live on', async () => {
    const handedOver = Promise.withResolvers<undefined>();
    const { port } = await listen({
      onHttp: (socket) => {
        webServer.emit('connection', socket);
        handedOver.resolve(undefined);
      },
    });
    const [socket] = await Promise.all([connect(port), handedOver.promise]);
    await listener?.close();
    const again = net.createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
    socket.write(REQUEST);
    expect(await textOf(socket)).to.contain('GET /hello');
  });
});
