/** What a snapshot holds of an engine: docs/events.md, SnapshotRecorded. */

type Labels = Readonly<Record<string, string>>;

export interface SnapshotContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  readonly createdAt: string | null;
  readonly state: string;
  readonly health: string | null;
  readonly exitCode: number | null;
  readonly labels: Labels;
  readonly ports: readonly string[];
  readonly mounts: readonly string[];
  readonly networks: readonly string[];
  readonly env: Labels | null;
}

export interface SnapshotImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: string | null;
  readonly labels: Labels;
}

export interface SnapshotVolume {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  readonly labels: Labels;
}

export interface SnapshotNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  readonly internal: boolean;
  readonly subnets: readonly string[];
  readonly labels: Labels;
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
  readonly labels: Labels;
}

export interface SnapshotContent {
  readonly engine: { readonly name: string; readonly version: string; readonly apiVersion: string; readonly platform: string; readonly operatingSystem: string; readonly kernelVersion: string; readonly cpus: number; readonly memoryBytes: number; readonly storageDriver: string; readonly dataRoot: string } | null;
  readonly containers: readonly SnapshotContainer[];
  readonly images: readonly SnapshotImage[];
  readonly volumes: readonly SnapshotVolume[];
  readonly networks: readonly SnapshotNetwork[];
  readonly nodes: readonly SnapshotNode[];
  readonly services: readonly SnapshotService[];
  readonly diskUse: { readonly imagesBytes: number; readonly containersBytes: number; readonly volumesBytes: number; readonly buildCacheBytes: number } | null;
  /** By section what was left out; `of` is null where that is not known. */
  readonly truncated: Readonly<Record<string, { readonly kept: number; readonly of: number | null }>>;
  /** By section why it could not be taken. */
  readonly failed: Readonly<Record<string, string>>;
}
