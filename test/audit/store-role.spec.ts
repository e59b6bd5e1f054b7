/** `serve --roles store`: the embedded store for others, with one account, and nothing else. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { openEventStoreDb } from '../../services/event-store/eventstoredb/event-store.ts';
import { EventStoreError } from '../../services/event-store/port.ts';
import type { RunningProcess } from '../support/child-process.ts';
import { runHomeport, startHomeportCommand } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

interface StoreServer {
  readonly process: RunningProcess;
  readonly line: { readonly store: string; readonly url?: string };
}

describe('serve --roles store', () => {
  let folder: TemporaryFolder;
  let dataDir: string;
  const running: RunningProcess[] = [];
  beforeEach(() => {
    folder = createTemporaryFolder();
    dataDir = join(folder.path, 'data');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
    folder.remove();
  });

  async function start(...flags: readonly string[]): Promise<StoreServer> {
    const server = startHomeportCommand(['serve', '--roles', 'store', '--data-dir', dataDir, '--host', '127.0.0.1', '--audit-port', '0', ...flags]);
    running.push(server);
    const [line] = await server.waitFor(/^\{"ready":true.*\}$/m);
    return { process: server, line: JSON.parse(line) as StoreServer['line'] };
  }

  const event = () => ({ id: randomUUID(), type: 'ThingHappened', data: '{}', metadata: '{}' });

  async function failure(attempt: Promise<unknown>): Promise<string> {
    return attempt.then(
      () => 'none',
      (error: unknown) => (error instanceof EventStoreError ? error.code : String(error)),
    );
  }

  it('takes and keeps what others append, with a name and password that stay the same over restarts', async () => {
    const first = await start('--audit-writable');
    expect(first.line.store).to.match(/^esdb:\/\/homeport:[\w-]{32}@127\.0\.0\.1:\d+\?tlsCAFile=/);
    expect(first.line.url).to.equal(undefined);
    expect(statSync(join(dataDir, 'audit-password')).mode & 0o777).to.equal(0o600);
    expect(existsSync(join(dataDir, 'keys')), 'no installation is made').to.equal(false);
    const store = await openEventStoreDb({ connectionString: first.line.store });
    expect((await store.append('thing-1', [event()], { expectedRevision: 'no-stream' })).revision).to.equal(0);
    await store.close();
    await first.process.stop();

    const second = await start('--audit-writable');
    const account = (line: StoreServer['line']) => /\/\/(.*)@/.exec(line.store)?.[1];
    expect(account(second.line)).to.equal(account(first.line));
    const again = await openEventStoreDb({ connectionString: second.line.store });
    expect((await again.append('thing-1', [event()], { expectedRevision: 0 })).revision).to.equal(1);
    await again.close();
  });

  it('takes no writes without --audit-writable', async () => {
    const { line } = await start();
    const store = await openEventStoreDb({ connectionString: line.store });
    expect(await failure(store.append('thing-1', [event()], { expectedRevision: 'any' }))).to.equal('access-denied');
    expect(await failure(store.deleteStream('thing-1', { expectedRevision: 'any' }))).to.equal('access-denied');
    await store.close();
  });

  it('has the account that it is given, and does not print its password', async () => {
    const file = join(folder.path, 'password');
    writeFileSync(file, 'a password that is long\n');
    const { line } = await start('--audit-writable', '--audit-user', 'plant', '--audit-password-file', file);
    expect(line.store).to.not.match(/@|password/);
    const store = await openEventStoreDb({ connectionString: line.store.replace('esdb://', `esdb://plant:${encodeURIComponent(readFileSync(file, 'utf8').trim())}@`) });
    await store.append('thing-1', [event()], { expectedRevision: 'no-stream' });
    await store.close();
    expect(await failure(openEventStoreDb({ connectionString: line.store.replace('esdb://', 'esdb://plant:wrong-wrong-wrong-wrong@') }))).to.equal('access-denied');
  });

  describe('over HTTP/1.1, beside gRPC', () => {
    let store: URL;
    let ca: string;
    beforeEach(async () => {
      const { line } = await start('--audit-writable');
      store = new URL(line.store);
      ca = readFileSync(join(dataDir, 'tls', 'ca.pem'), 'utf8');
    });

    async function ask(path: string, { method = 'GET', auth, ALPNProtocols = ['h2', 'http/1.1'] }: { readonly method?: string; readonly auth?: string; readonly ALPNProtocols?: readonly string[] } = {}): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }> {
      const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof ask>>>();
      const options = { host: store.hostname, port: store.port, path, method, ca, agent: false, ALPNProtocols: [...ALPNProtocols], ...(auth === undefined ? {} : { auth }) };
      const sent = request(options, (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
      });
      sent.once('error', reject).end();
      return promise;
    }
    const codeOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { readonly code: string }).code;

    it('has metrics for its account, and for nobody else', async () => {
      const account = `${store.username}:${store.password}`;
      const client = await openEventStoreDb({ connectionString: store.href });
      await client.append('thing-1', [event()], { expectedRevision: 'no-stream' });
      const read = await ask('/metrics', { auth: account });
      expect([read.status, read.headers['content-type']]).to.deep.equal([200, 'text/plain; version=0.0.4; charset=utf-8']);
      for (const line of ['homeport_event_store_available 1', 'homeport_event_store_append_duration_seconds_count 1', 'homeport_audit_readers 0']) expect(read.body).to.match(new RegExp(`^${line}$`, 'm'));
      expect(read.body).to.match(/^homeport_data_available_bytes \d/m).and.match(/^homeport_certificate_expiry_timestamp_seconds \d/m).and.match(/^homeport_process_resident_memory_bytes \d/m);

      for (const auth of [undefined, `${store.username}:wrong-wrong-wrong-wrong`, `other:${store.password}`]) {
        const refused = await ask('/metrics', auth === undefined ? {} : { auth });
        expect([refused.status, refused.headers['www-authenticate'], codeOf(refused)]).to.deep.equal([401, 'Basic realm="homeport", charset="UTF-8"', 'unauthenticated']);
        expect(refused.body).to.not.include('homeport_');
      }
      for (let failed = 3; failed < 9; failed += 1) await ask('/metrics');
      const guessed = await ask('/metrics', { auth: 'homeport:guess' });
      expect([guessed.status, codeOf(guessed)]).to.deep.equal([429, 'too-many-attempts']);
      expect((await ask('/metrics', { auth: account })).status, 'what is right is never refused').to.equal(200);
      // gRPC is where it was, on the connection of before and on a new one.
      await client.append('thing-1', [event()], { expectedRevision: 0 });
      await client.close();
      const another = await openEventStoreDb({ connectionString: store.href });
      await another.append('thing-1', [event()], { expectedRevision: 1 });
      await another.close();
    });

    it('says to everyone whether it lives and can record, also to clients that negotiate nothing', async () => {
      for (const path of ['/healthz', '/livez']) expect(JSON.parse((await ask(path)).body)).to.include({ status: 'ok' });
      const ready = await ask('/readyz?verbose');
      expect([ready.status, JSON.parse(ready.body)]).to.deep.equal([200, { status: 'ready', checks: { eventStore: 'ok' } }]);
      const head = await ask('/readyz', { method: 'HEAD' });
      expect([head.status, head.body]).to.deep.equal([200, '']);
      const missing = await ask('/api/v1/environments');
      expect([missing.status, codeOf(missing)]).to.deep.equal([404, 'not-found']);
      const posted = await ask('/metrics', { method: 'POST' });
      expect([posted.status, posted.headers.allow, codeOf(posted)]).to.deep.equal([405, 'GET, HEAD', 'method-not-allowed']);

      // Whether they negotiate http/1.1 alone, as above beside others, or nothing.
      expect((await ask('/healthz', { ALPNProtocols: ['http/1.1'] })).status).to.equal(200);
      const socket = tls.connect({ host: store.hostname, port: Number(store.port), ca });
      socket.write('GET /healthz HTTP/1.1\r\nHost: store\r\n\r\n');
      expect(await text(socket)).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*"status":"ok"/);
    });
  });

  const misuses: readonly (readonly [flags: readonly string[], code: number, says: RegExp])[] = [
    [['--roles', 'store'], 2, /--audit-port/],
    [['--roles', 'polls,gateway', '--audit-port', '0'], 2, /store alone/],
    [['--roles', 'kitchen'], 2, /kitchen: give all, or store alone/],
    [['--audit-writable', '--audit-port', '0'], 2, /--roles store/],
    [['--roles', 'store', '--audit-port', '0', '--event-store', 'esdb://localhost:2113'], 2, /--event-store away/],
  ];
  for (const [flags, code, says] of misuses) {
    it(`serve ${flags.join(' ')} says what to do instead`, async () => {
      const finished = await runHomeport(['serve', '--data-dir', dataDir, ...flags]);
      expect(finished.code).to.equal(code);
      expect(finished.stderr).to.match(says);
    });
  }

  it('a password that could be guessed is refused', async () => {
    const file = join(folder.path, 'password');
    writeFileSync(file, 'short\n');
    const finished = await runHomeport(['serve', '--roles', 'store', '--data-dir', dataDir, '--audit-port', '0', '--audit-password-file', file]);
    expect(finished.code).to.equal(1);
    expect(finished.stderr).to.match(/at least 16 characters/);
  });
});
