/** What an engine has, as the tables show it: the same whether the engine says it now, or a snapshot said it then. */

type Labels = Readonly<Record<string, string>>;

export interface ContainerRow {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** Such as running, exited, paused. */
  readonly state: string;
  /** Null where nothing checks it. */
  readonly health: string | null;
  /** The engine's own words, such as `Up 5 minutes`; in a snapshot at most how it ended. */
  readonly says: string | null;
  /** When it said so, milliseconds since 1970 by the server's clock; null in a snapshot. */
  readonly saidAtMs: number | null;
  readonly createdAt: string | null;
  readonly ports: readonly string[];
  readonly labels: Labels;
}

export interface ImageRow {
  readonly id: string;
  /** Empty for one without a name. */
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: string | null;
}

export interface VolumeRow {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  readonly project: string | null;
}

export interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  readonly isInternal: boolean;
  readonly subnets: readonly string[];
  readonly project: string | null;
}

export interface ServiceRow {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Such as replicated, global. */
  readonly mode: string;
  readonly desired: number;
  readonly running: number;
  readonly stack: string | null;
}

export interface SwarmNodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly role: string;
  readonly isLeader: boolean;
  readonly availability: string;
  readonly state: string;
  readonly address: string;
  readonly engineVersion: string;
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
export function projectOf(labels: Labels): string | null {
  return labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace'] ?? null;
}

/** The container itself, within its project: the Compose service's name where there is one. */
export function serviceOf(labels: Labels): string | null {
  return labels['com.docker.compose.service'] ?? labels['com.docker.swarm.service.name'] ?? null;
}
