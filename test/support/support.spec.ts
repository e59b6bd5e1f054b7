/** The parts that tests are built on do what they say. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { createServer as createTlsServer } from 'node:tls';
import { makeServerCertificate } from './certificates.ts';
import { runProcess, startProcess } from './child-process.ts';
import { startDockerd, IMAGE } from './dockerd.ts';
import type { Dockerd } from './dockerd.ts';
import { createTcpRelay, createTlsRelay } from './relays.ts';
import { findSecrets } from './secret-search.ts';

describe('test support', () => {
  describe('relays', () => {
    let echo: Server;

    before(async () => {
      // Answers only once the sender has ended: half-close has to get through.
      echo = createServer({ allowHalfOpen: true }, (socket) => void buffer(socket).then((bytes) => socket.end(bytes)));
      echo.listen(0, '127.0.0.1');
      await once(echo, 'listening');
    });
    after(() => void echo.close());

    const target = (): { host: string; port: number } => ({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });

    it('a relay passes bytes and half-close on', async () => {
      const relay = await createTcpRelay(target());
      const client = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
      client.end('there and back');
      expect((await buffer(client)).toString()).to.equal('there and back');
      expect(relay.sentByClients().toString()).to.equal('there and back');
      await relay.close();
    });

    it('a man in the middle shows his own certificate and reads what is sent', async () => {
      const [theirs, his] = [await makeServerCertificate(), await makeServerCertificate()];
      const server = createTlsServer({ ...theirs, ALPNProtocols: ['http/1.1'] }, (socket) => socket.pipe(socket));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const relay = await createTlsRelay({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, his, ['http/1.1']);
      const client = connectTls({ port: relay.port, host: '127.0.0.1', servername: 'localhost', ca: his.ca, ALPNProtocols: ['http/1.1'] });
      client.write('secret');
      const [echoed] = (await once(client, 'data')) as [Buffer];
      expect(echoed.toString()).to.equal('secret');
      expect(relay.sentByClients().toString()).to.equal('secret');
      client.destroy();
      await relay.close();
      server.close();
    });
  });

  describe('processes', () => {
    it('print, take input and end with their code', async () => {
      const { code, stdout } = await runProcess('sh', ['-c', 'cat; exit 3'], { input: 'hello' });
      expect({ code, stdout }).to.deep.equal({ code: 3, stdout: 'hello' });
    });

    it('that end too early say what they printed', async () => {
      const running = startProcess('sh', ['-c', 'echo sorry >&2']);
      const error = await running.waitFor(/ready/).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(String(error)).to.contain('sorry');
    });
  });

  it('a secret is found in any encoding, and never in the report', () => {
    const secret = 'correct horse battery';
    const texts = { plain: `x${secret}y`, hex: Buffer.from(secret).toString('hex'), base64: `z${Buffer.from(secret).toString('base64')}`, clean: 'nothing here' };
    const leaks = findSecrets({ password: secret }, texts);
    expect(leaks.map(({ place }) => place)).to.include.members(['plain', 'hex', 'base64']).and.not.include('clean');
    expect(JSON.stringify(leaks)).to.not.contain(secret);
  });

  describe('a Docker engine', function () {
    this.timeout(60_000);
    let dockerd: Dockerd | undefined;

    before(async function () {
      dockerd = await startDockerd(this);
    });
    after(async () => dockerd?.stop());

    it('runs containers of the busybox image', async () => {
      const ran = await dockerd?.docker('run', '--rm', '--network', 'none', IMAGE, 'echo', 'hi');
      expect(ran?.stdout).to.equal('hi\n');
    });
  });
});
