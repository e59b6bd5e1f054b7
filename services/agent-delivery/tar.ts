/** Writes tar archives whose bytes depend on nothing but what is in them. */
import { Readable } from 'node:stream';
import { pack as createPack } from 'tar-stream';
import type { Pack } from 'tar-stream';

/** A path inside the archive, without a slash at its beginning. */
export type TarEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly sizeBytes: number; readonly read: () => Readable };

/** A file of these bytes. */
export function bytesEntry(path: string, content: string | Uint8Array, mode = 0o644): TarEntry {
  const bytes = Buffer.from(content);
  return { kind: 'file', path, mode, sizeBytes: bytes.length, read: () => Readable.from([bytes]) };
}

/** The archive, read as fast as it is asked for, as each of its entries is: the next one once the one before was taken. All of it belongs to root and is as old as Unix. */
export async function* tar(entries: Iterable<TarEntry> | AsyncIterable<TarEntry>): AsyncGenerator<Buffer, void, undefined> {
  const pack = createPack();
  const filled = fill(pack, entries).catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    for await (const chunk of pack) yield chunk as Buffer;
    await filled;
  } finally {
    pack.destroy();
  }
}

async function fill(pack: Pack, entries: Iterable<TarEntry> | AsyncIterable<TarEntry>): Promise<void> {
  for await (const entry of entries) {
    const header = { name: entry.path, mode: entry.mode, mtime: new Date(0), uid: 0, gid: 0 };
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const done = (error?: Error | null): void => (error ? reject(error) : resolve(undefined));
    if (entry.kind === 'directory') pack.entry({ ...header, type: 'directory' }, done);
    else entry.read().once('error', reject).pipe(pack.entry({ ...header, type: 'file', size: entry.sizeBytes }, done));
    await promise;
  }
  pack.finalize();
}
