/** JSON schema of what a snapshot holds: docs/events.md, SnapshotRecorded. */
import type { SnapshotContainer, SnapshotContent, SnapshotDiskUse, SnapshotEngine, SnapshotImage, SnapshotNetwork, SnapshotNode, SnapshotService, SnapshotVolume } from '../../../services/domain/snapshot.ts';
import { nullableInstant, nullableText } from './json-schema.ts';

const text = { type: 'string' } as const;
const count = { type: 'integer' } as const;
const flag = { type: 'boolean' } as const;
const texts = { type: 'array', items: text } as const;
const pairs = { type: 'object', additionalProperties: text } as const;

/** All that the domain says a thing has: one property more or less does not compile. */
type Properties<Thing> = { readonly [Name in keyof Thing]-?: object };

const engine = {
  name: text,
  version: text,
  apiVersion: text,
  platform: { ...text, description: 'Such as linux/amd64.' },
  operatingSystem: text,
  kernelVersion: text,
  cpus: count,
  memoryBytes: count,
  storageDriver: text,
  dataRoot: text,
} satisfies Properties<SnapshotEngine>;

const container = {
  id: text,
  name: text,
  image: text,
  imageId: text,
  command: { ...text, description: 'The first word of it.' },
  createdAt: nullableInstant,
  state: { ...text, description: 'Such as running, exited, paused.' },
  health: { ...nullableText, description: 'Null where nothing checks it.' },
  exitCode: { type: ['integer', 'null'] },
  labels: pairs,
  ports: texts,
  mounts: texts,
  networks: texts,
  env: { ...pairs, type: ['object', 'null'], description: 'Values that look like secrets are masked. Null where it is not known.' },
} satisfies Properties<SnapshotContainer>;

const image = { id: text, tags: texts, sizeBytes: count, createdAt: nullableInstant, labels: pairs } satisfies Properties<SnapshotImage>;
const volume = { name: text, driver: text, mountpoint: text, labels: pairs } satisfies Properties<SnapshotVolume>;
const network = { id: text, name: text, driver: text, scope: text, internal: flag, subnets: texts, labels: pairs } satisfies Properties<SnapshotNetwork>;
const node = { id: text, hostname: text, role: text, availability: text, state: text, address: text, engineVersion: text, leader: flag } satisfies Properties<SnapshotNode>;
const service = { id: text, name: text, image: text, mode: text, desired: count, running: count, labels: pairs, env: pairs } satisfies Properties<SnapshotService>;
const diskUse = { imagesBytes: count, containersBytes: count, volumesBytes: count, buildCacheBytes: count } satisfies Properties<SnapshotDiskUse>;

const content = {
  engine: { type: ['object', 'null'], properties: engine, description: 'Null where it could not be asked.' },
  containers: listOf(container),
  images: listOf(image),
  volumes: listOf(volume),
  networks: listOf(network),
  nodes: listOf(node),
  services: listOf(service),
  diskUse: { type: ['object', 'null'], properties: diskUse, description: 'Null where it could not be asked.' },
  truncated: {
    type: 'object',
    description: 'By section what was left out; `containerEnv` is of how many containers `env` is known.',
    additionalProperties: { type: 'object', properties: { kept: count, of: { type: ['integer', 'null'], description: 'How many there are; null where that is not known.' } } },
  },
  failed: { type: 'object', description: 'By section why it could not be taken.', additionalProperties: text },
} satisfies Properties<SnapshotContent>;

export const snapshotContentSchema = { type: 'object', properties: content } as const;

function listOf(properties: object): object {
  return { type: 'array', items: { type: 'object', properties } };
}
