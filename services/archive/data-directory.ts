/** A data directory as whoever moves a record knows it: held while it is worked on, and told where its installation records from then on. */
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import { eventLogFile, openLogArchive } from '../event-store/open.ts';
import { ExportError } from './export-error.ts';

export type StoreKind = 'sqlite' | 'eventstoredb';

export interface HeldDirectory {
  readonly path: string;
  /** Removes a log without any event. Throws {@link ExportError} `event-store-not-empty`. */
  checkHasNoEvents(): void;
  /** Its installation records there from now on. Read models, and what else knows positions that are others now, are removed: they are made anew. */
  recordsIn(kind: StoreKind, options: { readonly keepsPositions: boolean }): void;
  release(): void;
}

/** With what stands in its write-ahead log, if anything: whoever reads beside a writer that has ended leaves an empty one. */
function moveAside(log: string): void {
  const wal = `${log}-wal`;
  renameSync(log, `${log}.moved`);
  if (existsSync(wal) && statSync(wal).size > 0) renameSync(wal, `${log}.moved-wal`);
  for (const suffix of ['-wal', '-shm']) rmSync(`${log}${suffix}`, { force: true });
}

/** In which kind of store the installation of a directory records; undefined where there is none. */
export function recordedKind(dataDirectory: string): StoreKind | undefined {
  const file = join(dataDirectory, 'event-store-kind');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim() === 'eventstoredb' ? 'eventstoredb' : 'sqlite';
  return existsSync(eventLogFile(dataDirectory)) ? 'sqlite' : undefined;
}

/** Takes it, and makes it where there is none. Throws DataDirectoryError `data-directory-in-use` or `data-directory-unwritable`. */
export function holdDataDirectory(path: string): HeldDirectory {
  const lock = lockDataDirectory(path);
  const log = eventLogFile(path);
  const remove = (file: string): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  };
  return {
    path,
    checkHasNoEvents: () => {
      if (!existsSync(log)) return;
      const archive = openLogArchive(path);
      const { head } = archive;
      archive.close();
      if (head > 0) throw new ExportError('event-store-not-empty', `${path} holds an event log already, up to position ${head}. Name another --data-dir`);
      remove(log);
    },
    recordsIn: (kind, { keepsPositions }) => {
      const file = join(path, 'event-store-kind');
      writeFileSync(`${file}.new`, `${kind}\n`, { mode: 0o644, flush: true });
      renameSync(`${file}.new`, file);
      rmSync(join(path, 'read-models'), { recursive: true, force: true });
      if (!keepsPositions) rmSync(join(path, 'nats-tap.json'), { force: true });
      // What was recorded here before is what was moved: it stays until the operator removes it.
      if (kind === 'eventstoredb' && existsSync(log)) moveAside(log);
    },
    release: lock.release,
  };
}
