/** What an engine has, as the tables show it: the same whether the engine says it now, or a snapshot said it then. */
import type { SnapshotContainer, SnapshotImage, SnapshotNetwork, SnapshotNode, SnapshotService, SnapshotVolume } from './snapshot-content.ts';

export interface ContainerRow extends Readonly<Pick<SnapshotContainer, 'id' | 'name' | 'image' | 'imageId' | 'state' | 'health' | 'createdAt' | 'ports' | 'labels'>> {
  /** The engine's own words, such as `Up 5 minutes`; in a snapshot at most how it ended. */
  readonly says: string | null;
  /** When it said so, milliseconds since 1970 by the server's clock; null in a snapshot. */
  readonly saidAtMs: number | null;
}

/** Without tags it has no name. */
export type ImageRow = Readonly<Pick<SnapshotImage, 'id' | 'tags' | 'sizeBytes' | 'createdAt'>>;

export interface VolumeRow extends Readonly<Pick<SnapshotVolume, 'name' | 'driver' | 'mountpoint'>> {
  readonly project: string | null;
}

export interface NetworkRow extends Readonly<Pick<SnapshotNetwork, 'id' | 'name' | 'driver' | 'scope' | 'subnets'>> {
  readonly isInternal: boolean;
  readonly project: string | null;
}

/** Its mode is such as replicated, global. */
export interface ServiceRow extends Readonly<Pick<SnapshotService, 'id' | 'name' | 'image' | 'mode' | 'desired' | 'running'>> {
  readonly stack: string | null;
}

export interface SwarmNodeRow extends Readonly<Omit<SnapshotNode, 'leader'>> {
  readonly isLeader: boolean;
}

/** All lists of an engine. */
export interface EngineRows {
  readonly containers: readonly ContainerRow[];
  readonly images: readonly ImageRow[];
  readonly volumes: readonly VolumeRow[];
  readonly networks: readonly NetworkRow[];
  readonly services: readonly ServiceRow[];
  readonly nodes: readonly SwarmNodeRow[];
}

/** One of the lists. */
export type Section = keyof EngineRows;

/** The Compose project or Swarm stack that a label names. */
export function projectOf(labels: SnapshotContainer['labels']): string | null {
  return labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace'] ?? null;
}

/** The container itself, within its project: the Compose service's name where there is one. */
export function serviceOf(labels: SnapshotContainer['labels']): string | null {
  return labels['com.docker.compose.service'] ?? labels['com.docker.swarm.service.name'] ?? null;
}
