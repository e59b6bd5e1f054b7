/** Serves the agent: each file is made when it is first asked for, and kept. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { releaseVersion } from '../../proto/release.ts';
import { bundledAgent } from './bundled-agent.ts';
import { deployCommands } from './deploy-commands.ts';
import type { ServedTrust } from './deploy-commands.ts';
import { doctorCommands } from './doctor-commands.ts';
import { imageName, readImageArchive, writeImageArchive } from './image-archive.ts';
import type { ImageArchive } from './image-archive.ts';
import { normalPlatform, ownPlatform } from './platform.ts';
import { AgentDeliveryError } from './port.ts';
import type { AgentDelivery, DeliveredFile } from './port.ts';
import { AGENT, CA_CERTIFICATES, NODE, runtimeFiles } from './runtime-files.ts';

export interface StoppableAgentDelivery extends AgentDelivery {
  /** Ends what is being made. */
  close(): void;
}

/**
 * Creates the delivery.
 * @param folder the image archive is kept there
 * @param served how the certificate of the address that agents call can be verified, now
 */
export function createAgentDelivery({ folder, served }: { readonly folder: string; readonly served: () => ServedTrust }): StoppableAgentDelivery {
  const stopping = new AbortController();
  const version = releaseVersion();
  const platform = ownPlatform();
  const agent = onceItWorks(bundledAgent);
  const installer = onceItWorks(() => readFile(new URL('./install.sh', import.meta.url)));
  const image = onceItWorks(async () => makeImage(await agent()));

  async function makeImage(bundle: Buffer): Promise<ImageArchive> {
    const { entries, libraryFolders } = await runtimeFiles(bundle);
    const content = {
      name: imageName(version),
      architecture: platform.slice('linux/'.length),
      layer: entries,
      entrypoint: [NODE, AGENT],
      env: ['PATH=/bin', 'NODE_USE_SYSTEM_CA=1', `SSL_CERT_FILE=${CA_CERTIFICATES}`, `LD_LIBRARY_PATH=${libraryFolders.join(':')}`],
      labels: { 'org.opencontainers.image.title': 'Homeport agent', 'org.opencontainers.image.version': version },
    };
    return writeImageArchive(folder, content, stopping.signal);
  }

  return {
    async image(asked = platform) {
      if (normalPlatform(asked) !== platform || !platform.startsWith('linux/')) {
        throw new AgentDeliveryError('agent-platform-not-served', `this control plane runs on ${platform} and serves its own kind: it has no image for ${normalPlatform(asked)}`);
      }
      const archive = await image().catch(unavailable('the image archive can’t be made'));
      return {
        sizeBytes: archive.sizeBytes,
        etag: `"${archive.imageId}"`,
        contentType: 'application/gzip',
        read: (range) => readImageArchive(archive, range),
      };
    },
    async script() {
      return fileOf(await agent().catch(unavailable('the agent can’t be bundled')), 'text/javascript; charset=utf-8');
    },
    async installer() {
      return fileOf(await installer(), 'text/x-shellscript; charset=utf-8');
    },
    doctorCommands,
    commands: (target) => deployCommands(target, served(), imageName(version)),
    close() {
      stopping.abort(new Error('the server is stopping'));
    },
  };
}

function fileOf(bytes: Buffer, contentType: string): DeliveredFile {
  return {
    sizeBytes: bytes.length,
    etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
    contentType,
    read: (range) => Readable.from([range === undefined ? bytes : bytes.subarray(range.from, range.to + 1)]),
  };
}

/** One attempt at a time; what failed is tried again when it is next asked for. */
function onceItWorks<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function unavailable(what: string): (error: unknown) => never {
  return (error) => {
    throw new AgentDeliveryError('agent-image-unavailable', `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  };
}
