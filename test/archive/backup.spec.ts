/** Backups: all that an installation depends on, restored whole or not at all. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { pack } from 'tar-stream';
import { restoreBackup } from '../../services/archive/restore-backup.ts';
import { beginRestore } from '../../services/archive/unfinished-restore.ts';
import { writeBackup } from '../../services/archive/write-backup.ts';
import { openChosenEventStore } from '../../services/control-plane/event-store-choice.ts';
import { verifyRecord } from '../../services/audit/verification.ts';
import { fillLog } from '../event-store/sqlite/log-copies.ts';
import { newEvents, openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const files: Readonly<Record<string, { readonly text: string; readonly mode: number }>> = {
  'event-store-kind': { text: 'sqlite\n', mode: 0o644 },
  'keys/installation.key': { text: 'secret\n', mode: 0o600 },
  'keys/checkpoint.key': { text: 'another\n', mode: 0o600 },
  'checkpoint-key.pub': { text: 'public\n', mode: 0o644 },
  'nats-tap.json': { text: '{"sequence":7,"position":"12"}\n', mode: 0o600 },
  'tls/tunnel.key': { text: 'pinned\n', mode: 0o600 },
  'tls/tunnel-0123456789abcdef.key': { text: 'the next\n', mode: 0o600 },
};
/** What is made anew, or belongs to a process. */
const others = ['read-models/read-models.db', 'agent/image.tar.gz', 'keys/installation.key.0123456789ab'];

describe('a backup', () => {
  const folder = createTemporaryFolder();
  let log: TestLog;
  let backup: Buffer;
  before(async () => {
    log = await openTestLog();
    for (const name of [...Object.keys(files), ...others]) {
      const file = path.join(log.dataDirectory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, files[name]?.text ?? 'made anew');
      chmodSync(file, files[name]?.mode ?? 0o644);
    }
    await fillLog(log, 20);
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 30 });
    backup = await backedUp(log.dataDirectory);
  });
  after(async () => {
    await log.remove();
    folder.remove();
  });

  const backedUp = (dataDirectory: string): Promise<Buffer> => buffer(writeBackup(dataDirectory, { at: '2026-01-31T12:00:00.000Z' }).bytes);
  const write = (name: string, bytes: Buffer): string => {
    const file = path.join(folder.path, name);
    writeFileSync(file, bytes);
    return file;
  };
  const restored = (name: string): string => path.join(folder.path, name);
  const codeOf = async (attempt: Promise<unknown>): Promise<unknown> => attempt.then(() => undefined, (error: unknown) => (error as { readonly code?: unknown }).code);

  it('is taken while the store is written to, and restores the files as they were and the log up to where it stood', async () => {
    const { bytes, manifest } = writeBackup(log.dataDirectory, { at: '2026-01-31T12:00:00.000Z' });
    const head = log.verify();
    await log.store.append('environment-a', newEvents(5), { expectedRevision: 19 });
    const file = write('beside', await buffer(bytes));
    const target = restored('beside-data');
    const { log: imported } = await restoreBackup(file, target);
    expect([manifest.head, imported?.lastPosition, imported?.problem]).to.deep.equal([String(head.lastPosition), head.lastPosition, undefined]);
    const found = verifyRecord({ dataDirectory: target });
    expect([found.first, found.chain]).to.deep.equal([undefined, head.chain]);
    for (const [name, { text, mode }] of Object.entries(files)) {
      expect(readFileSync(path.join(target, name), 'utf8'), name).to.equal(text);
      expect(statSync(path.join(target, name)).mode & 0o777, name).to.equal(mode);
    }
    for (const name of others) expect(existsSync(path.join(target, name)), name).to.equal(false);
    expect(readdirSync(target)).to.not.include('restoring');
  });

  it('refuses a directory that holds anything, and does nothing to it', async () => {
    const file = write('good', backup);
    expect(await codeOf(restoreBackup(file, log.dataDirectory))).to.equal('data-directory-not-empty');
    const target = restored('someone');
    mkdirSync(target);
    writeFileSync(path.join(target, 'notes.txt'), 'mine');
    expect(await codeOf(restoreBackup(file, target))).to.equal('data-directory-not-empty');
    expect(readdirSync(target)).to.deep.equal(['notes.txt']);
    expect(await codeOf(restoreBackup(path.join(folder.path, 'nowhere'), restored('nothing')))).to.equal('backup-unreadable');
  });

  it('refuses what was cut off anywhere, or has another byte anywhere, and leaves nothing', async () => {
    const target = restored('damaged-data');
    // Each entry has a header of its own, and rests; the last kilobyte of a tar archive is nothing.
    for (let cut = 0; cut < backup.length - 1024; cut += 7_777) {
      const code = await codeOf(restoreBackup(write('cut', backup.subarray(0, cut)), target));
      expect(code, `cut at ${cut}`).to.be.oneOf(['backup-altered', 'backup-unreadable']);
      expect(existsSync(target) ? readdirSync(target) : []).to.deep.equal([]);
    }
    for (let at = 600; at < backup.length - 1024; at += 7_777) {
      const damaged = Buffer.from(backup);
      damaged.writeUInt8((damaged.readUInt8(at) + 1) % 256, at);
      const code = await codeOf(restoreBackup(write('damaged', damaged), target));
      // A tar archive's padding says nothing.
      if (code === undefined) expect(backup.readUInt8(at), `byte ${at}`).to.equal(0);
      else expect(code, `byte ${at}`).to.be.oneOf(['backup-altered', 'backup-unreadable']);
      expect(code === undefined || !existsSync(target) || readdirSync(target).length === 0).to.equal(true);
    }
  });

  it('refuses what a newer release wrote, and what is no backup', async () => {
    const newer = Buffer.from(backup);
    const at = newer.indexOf('"format":1');
    newer.write('"format":2', at);
    expect(await codeOf(restoreBackup(write('newer', newer), restored('newer-data')))).to.equal('backup-too-new');
    for (const [name, bytes] of [['empty', Buffer.alloc(0)], ['text', Buffer.from('no backup\n'.repeat(1000))]] as const) {
      expect(await codeOf(restoreBackup(write(name, bytes), restored(`${name}-data`))), name).to.equal('backup-unreadable');
    }
  });

  it('interrupted or killed, it is begun anew', async () => {
    const file = write('good', backup);
    const target = restored('again');
    const { signal } = { signal: AbortSignal.abort(new Error('enough')) };
    expect(await restoreBackup(file, target, { signal }).then(() => undefined, (error: unknown) => (error as Error).message)).to.equal('enough');
    expect(readdirSync(target)).to.deep.equal([]);
    // As one that was killed leaves it: in the midst of writing, or of putting what is whole in its place.
    const unfinished = beginRestore(target);
    mkdirSync(path.join(unfinished.folder, 'keys'));
    writeFileSync(path.join(unfinished.folder, 'node-id'), 'half');
    // Nothing begins a new installation in the midst of it.
    expect(await codeOf(openChosenEventStore(target))).to.equal('restore-unfinished');
    mkdirSync(path.join(unfinished.folder, 'zlast'));
    mkdirSync(path.join(target, 'zlast'));
    writeFileSync(path.join(target, 'zlast', 'in-its-way'), '');
    expect(() => unfinished.complete()).to.throw('zlast');
    expect(readdirSync(target)).to.include.members(['node-id', 'restoring']);
    await restoreBackup(file, target);
    expect(readdirSync(target)).to.include.members(['events.db', 'keys', 'tls']).and.not.include.oneOf(['node-id', 'restoring']);
  });

  it('takes nothing for what a restore left that is somebody’s own, whatever its name', async () => {
    const file = write('good', backup);
    for (const [name, holds] of [['own', ['notes.txt']], ['own-beside', []]] as const) {
      const target = restored(name);
      mkdirSync(path.join(target, 'restoring'), { recursive: true });
      for (const held of holds) writeFileSync(path.join(target, 'restoring', held), 'mine');
      if (holds.length === 0) writeFileSync(path.join(target, 'notes.txt'), 'mine');
      expect(await codeOf(restoreBackup(file, target)), name).to.equal('data-directory-not-empty');
      expect(readdirSync(target, { recursive: true }), name).to.include.members(['restoring']).and.to.have.lengthOf(2);
    }
    const target = restored('own-after');
    beginRestore(target);
    writeFileSync(path.join(target, 'notes.txt'), 'mine');
    expect(await codeOf(restoreBackup(file, target)), 'put there after it was interrupted').to.equal('data-directory-not-empty');
    expect(readdirSync(target)).to.include('notes.txt');
  });

  it('makes a restore remove nothing elsewhere, whatever it holds, nor does a mark that somebody else wrote', async () => {
    const kept = restored('kept');
    mkdirSync(kept);
    writeFileSync(path.join(kept, 'notes.txt'), 'mine');
    const manifestBytes = Number.parseInt(backup.toString('latin1', 124, 135), 8);
    const archive = pack();
    archive.entry({ name: 'manifest.json' }, backup.subarray(512, 512 + manifestBytes));
    archive.entry({ name: 'files/homeport-restore' }, '../kept\n');
    archive.finalize();
    const target = restored('hostile-data');
    expect(await codeOf(restoreBackup(write('hostile', await buffer(archive)), target))).to.equal('backup-altered');
    expect([readdirSync(target), readdirSync(kept)]).to.deep.equal([[], ['notes.txt']]);
    mkdirSync(path.join(target, 'restoring'));
    for (const name of ['../kept', '..', '.']) {
      writeFileSync(path.join(target, 'restoring', 'homeport-restore'), `${name}\n`);
      expect(await codeOf(restoreBackup(write('good', backup), target)), name).to.equal('data-directory-not-empty');
    }
    expect(readdirSync(kept)).to.deep.equal(['notes.txt']);
  });

  it('holds the rest where the events are in an EventStoreDB', async () => {
    const source = restored('elsewhere');
    mkdirSync(path.join(source, 'keys'), { recursive: true });
    writeFileSync(path.join(source, 'event-store-kind'), 'eventstoredb\n');
    writeFileSync(path.join(source, 'keys', 'installation.key'), 'secret\n', { mode: 0o600 });
    const target = restored('elsewhere-restored');
    const { manifest, log: imported, files: names } = await restoreBackup(write('elsewhere.tar', await backedUp(source)), target);
    expect([manifest.store, imported, [...names].sort()]).to.deep.equal(['eventstoredb', undefined, ['event-store-kind', 'keys/installation.key']]);
    expect(readFileSync(path.join(target, 'keys', 'installation.key'), 'utf8')).to.equal('secret\n');
    expect(await codeOf(Promise.resolve().then(() => writeBackup(restored('nobody'), { at: '' })))).to.equal('no-data-directory');
  });
});
