/** What a snapshot holds, what counts as a change of it, and the counts that people look at. */
import type { Instant } from './events.ts';

/** Names and values, sorted by name: labels, or variables of an environment. */
export type Pairs = Readonly<Record<string, string>>;

export interface SnapshotEngine {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  /** Such as linux/amd64. */
  readonly platform: string;
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageDriver: string;
  readonly dataRoot: string;
}

export interface SnapshotContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** The first word of its command: the rest may hold secrets. */
  readonly command: string;
  readonly createdAt: Instant | null;
  /** Such as running, exited, paused. */
  readonly state: string;
  /** Null where nothing checks it. */
  readonly health: string | null;
  readonly exitCode: number | null;
  readonly labels: Pairs;
  readonly ports: readonly string[];
  readonly mounts: readonly string[];
  readonly networks: readonly string[];
  /** Null where it is not known: it takes a question of its own for each container, and only so many are asked about. */
  readonly env: Pairs | null;
}

export interface SnapshotImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: Instant | null;
  readonly labels: Pairs;
}

export interface SnapshotVolume {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  readonly labels: Pairs;
}

export interface SnapshotNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  readonly internal: boolean;
  readonly subnets: readonly string[];
  readonly labels: Pairs;
}

export interface SnapshotDiskUse {
  readonly imagesBytes: number;
  readonly containersBytes: number;
  readonly volumesBytes: number;
  readonly buildCacheBytes: number;
}

export interface SnapshotNode {
  readonly id: string;
  readonly hostname: string;
  readonly role: string;
  readonly availability: string;
  readonly state: string;
  readonly address: string;
  readonly engineVersion: string;
  readonly leader: boolean;
}

export interface SnapshotService {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly mode: string;
  readonly desired: number;
  readonly running: number;
  readonly labels: Pairs;
  readonly env: Pairs;
}

/** The lists of a snapshot, which may be cut. */
export interface SnapshotLists {
  readonly containers: readonly SnapshotContainer[];
  readonly images: readonly SnapshotImage[];
  readonly volumes: readonly SnapshotVolume[];
  readonly networks: readonly SnapshotNetwork[];
  readonly nodes: readonly SnapshotNode[];
  readonly services: readonly SnapshotService[];
}

/** One engine as its agent saw it. */
export interface SnapshotContent extends SnapshotLists {
  readonly engine: SnapshotEngine | null;
  readonly diskUse: SnapshotDiskUse | null;
  /** By section what was left out: `of` is how many there are, null where that is not known. `containerEnv`: of how many containers `env` is known. */
  readonly truncated: Readonly<Record<string, { readonly kept: number; readonly of: number | null }>>;
  /** By section why it could not be taken at all, such as timeout. */
  readonly failed: Readonly<Record<string, string>>;
}

/** What people look at first. */
export interface SnapshotSummary {
  /** Compose projects and Swarm stacks. */
  readonly stacks: number;
  readonly services: number;
  readonly containers: { readonly total: number; readonly running: number; readonly stopped: number; readonly healthy: number; readonly unhealthy: number };
  readonly volumes: number;
  readonly images: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** A snapshot's JSON has at most so many bytes. */
export const snapshotBytesAtMost = 512 * 1024;

/**
 * The text whose hash tells whether a snapshot says anything new: without disk use, which changes always, and in one order,
 * whatever order the engine lists things in.
 */
export function canonicalText(content: SnapshotContent): string {
  const { diskUse: _diskUse, failed, ...rest } = content;
  const { diskUse: _failedDiskUse, ...failedSections } = failed;
  return JSON.stringify(sorted({ ...rest, failed: failedSections }));
}

/** The stacks by name: Compose projects of containers, and namespaces of services. */
export function stacksOf({ containers, services }: SnapshotContent): string[] {
  const names = [
    ...containers.map(({ labels }) => labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace']),
    ...services.map(({ labels }) => labels['com.docker.stack.namespace']),
  ];
  return [...new Set(names)].filter((name) => name !== undefined).sort();
}

/** Counts one engine's snapshot. What was cut is counted too where its number is known. */
export function summaryOf(content: SnapshotContent): SnapshotSummary {
  const { containers, truncated, engine } = content;
  const count = (section: keyof SnapshotLists) => Math.max(content[section].length, truncated[section]?.of ?? 0);
  const total = count('containers');
  const running = containers.filter(({ state }) => state === 'running').length;
  return {
    stacks: stacksOf(content).length,
    services: count('services'),
    containers: {
      total,
      running,
      stopped: containers.filter(({ state }) => state === 'exited' || state === 'created' || state === 'dead').length,
      healthy: containers.filter(({ health }) => health === 'healthy').length,
      unhealthy: containers.filter(({ health }) => health === 'unhealthy').length,
    },
    volumes: count('volumes'),
    images: count('images'),
    cpus: engine?.cpus ?? 0,
    memoryBytes: engine?.memoryBytes ?? 0,
  };
}

/** Objects by their keys, and lists by their elements' text: no list of a snapshot has an order that means something. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const texts = value.map((one) => [JSON.stringify(sorted(one)), sorted(one)] as const);
    return texts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}
