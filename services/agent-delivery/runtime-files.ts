/** The agent's root file system: Node as it runs here, the libraries it has loaded, and the agent. */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { loadedExecutable } from './loaded-executable.ts';
import { bytesEntry } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** Where in the root file system things are. */
export const NODE = '/bin/node';
export const AGENT = '/homeport/agent.mjs';
export const CA_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Loaded by name when a host is looked up, by a C library older than glibc 2.34. */
const LOOKUP_LIBRARIES = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

/** Where distributions keep the authorities that this machine trusts. */
const AUTHORITIES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];

const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/:/sbin/nologin\n',
  'etc/group': 'root:x:0:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};
const DIRECTORIES = ['bin', 'data', 'dev', 'etc', 'homeport', 'proc', 'run', 'sys', 'var', 'var/run'];

/** A root file system. */
export interface RuntimeFiles {
  readonly entries: readonly TarEntry[];
  /** The folders of the libraries, for where they are no default of the loader. */
  readonly libraryFolders: readonly string[];
}

/** @param agent the bundled agent. Throws the system's errors, and an Error where this system does not say what Node has loaded. */
export async function runtimeFiles(agent: Uint8Array): Promise<RuntimeFiles> {
  const loaded = await loadedObjects();
  const loader = loaded.find((file) => /\/ld-[^/]*[.]so[.0-9]*$/.test(file));
  if (loader === undefined) throw new Error('Node does not say which libraries it has loaded');
  const libraries = loaded.filter((file) => file !== loader);
  const libraryFolders = [...new Set(libraries.map((file) => path.dirname(file)))];
  const lookups = libraryFolders.flatMap((folder) => LOOKUP_LIBRARIES.map((name) => path.join(folder, name))).filter((file) => existsSync(file));
  const authorities = AUTHORITIES.find((file) => existsSync(file));
  const files = [...new Set([loader, ...libraries, ...lookups])].sort();
  // What the install script starts Node with, on a machine whose own libraries may be older.
  const launch = [loader, '--library-path', libraryFolders.join(':')].join('\n');

  return {
    libraryFolders,
    entries: [
      ...foldersOf([...DIRECTORIES.map((name) => `${name}/.`), CA_CERTIFICATES.slice(1), ...files.map((file) => file.slice(1))]),
      { kind: 'directory', path: 'tmp', mode: 0o1777 },
      ...Object.entries(TEXTS).map(([name, text]) => bytesEntry(name, text)),
      ...(authorities === undefined ? [] : [bytesEntry(CA_CERTIFICATES.slice(1), await readFile(authorities))]),
      ...(await Promise.all(files.map((file) => libraryEntry(file)))),
      await executableEntry(process.execPath),
      bytesEntry(AGENT.slice(1), agent),
      bytesEntry('homeport/launch', `${launch}\n`),
    ],
  };
}

/**
 * The absolute paths, as the loader found them: by the names that the executables ask for. A process of its own is asked, because
 * such a report tells of every open socket too.
 */
async function loadedObjects(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--print', 'JSON.stringify(process.report.getReport().sharedObjects)']);
  const objects = JSON.parse(stdout) as readonly string[];
  return objects.filter((file) => file.startsWith('/') && file !== process.execPath);
}

/** Every folder above these files, once, parents first. */
function foldersOf(files: readonly string[]): readonly TarEntry[] {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = path.dirname(file); folder !== '.'; folder = path.dirname(folder)) folders.add(folder);
  }
  return [...folders].sort().map((folder) => ({ kind: 'directory', path: folder, mode: 0o755 }));
}

async function libraryEntry(file: string): Promise<TarEntry> {
  const { size } = await stat(file);
  return { kind: 'file', path: file.slice(1), mode: 0o755, sizeBytes: size, read: () => createReadStream(file) };
}

async function executableEntry(file: string): Promise<TarEntry> {
  const { head, sizeBytes } = await loadedExecutable(file);
  const rest = (): Readable => createReadStream(file, { start: head.length, end: sizeBytes - 1 });
  return {
    kind: 'file',
    path: NODE.slice(1),
    mode: 0o755,
    sizeBytes,
    read: () =>
      Readable.from(
        (async function* () {
          yield head;
          yield* rest();
        })(),
      ),
  };
}
