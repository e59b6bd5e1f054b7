/** The image archive that `docker load` reads: a manifest, a configuration, and one layer; made once for what is in it. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bytesEntry, tar } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** The name that `docker load` gives the image. No registry has it: what can't be found here is not looked for elsewhere. */
export function imageName(version: string): string {
  return `localhost/homeport-agent:${version}`;
}

export interface ImageContent {
  readonly name: string;
  /** Such as amd64. */
  readonly architecture: string;
  readonly layer: readonly TarEntry[];
  readonly entrypoint: readonly string[];
  /** NAME=VALUE. */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageArchive {
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the image's configuration, hex: what `docker images --digests` calls its id. */
  readonly imageId: string;
}

/**
 * Makes the archive in the folder, unless it is there already; what earlier ones left there is removed. The same content gives the
 * same bytes. Throws the system's errors, or the signal's reason.
 */
export async function writeImageArchive(folder: string, content: ImageContent, signal: AbortSignal): Promise<ImageArchive> {
  const { diffId, sizeBytes } = await measure(content.layer, signal);
  const config = configuration(content, diffId);
  const imageId = createHash('sha256').update(config).digest('hex');
  const name = `image-${imageId}.tar.gz`;
  const file = path.join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const other of await readdir(folder)) {
    if (other.startsWith('image-') && other !== name) await rm(path.join(folder, other), { force: true });
  }
  const isThere = await stat(file).catch(() => undefined);
  if (isThere !== undefined) return { path: file, sizeBytes: isThere.size, imageId };

  const manifest = [{ Config: `${imageId}.json`, RepoTags: [content.name], Layers: ['layer.tar'] }];
  const archive = tar([
    bytesEntry('manifest.json', JSON.stringify(manifest)),
    bytesEntry(`${imageId}.json`, config),
    { kind: 'file', path: 'layer.tar', mode: 0o644, sizeBytes, read: () => Readable.from(tar(content.layer)) },
  ]);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await pipeline(archive, createGzip(), createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }), { signal });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { path: file, sizeBytes: (await stat(file)).size, imageId };
}

/** Reads the archive, or a part of it. */
export function readImageArchive({ path: file }: ImageArchive, range?: { readonly from: number; readonly to: number }): Readable {
  return createReadStream(file, range === undefined ? {} : { start: range.from, end: range.to });
}

async function measure(layer: readonly TarEntry[], signal: AbortSignal): Promise<{ readonly diffId: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of tar(layer)) {
    signal.throwIfAborted();
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { diffId: `sha256:${hash.digest('hex')}`, sizeBytes };
}

/** As the OCI image specification has it. */
function configuration({ architecture, entrypoint, env, labels }: ImageContent, diffId: string): string {
  return JSON.stringify({
    created: new Date(0).toISOString(),
    architecture,
    os: 'linux',
    config: { User: '0:0', Entrypoint: entrypoint, Env: env, WorkingDir: '/', Labels: labels },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: new Date(0).toISOString(), created_by: 'homeport' }],
  });
}
