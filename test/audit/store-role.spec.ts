/** `serve --roles store`: the embedded store for others, with one account, and nothing else. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
