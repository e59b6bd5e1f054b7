/** A snapshot's lists as rows. */
import { projectOf, type EngineRows } from './engine-rows.ts';
import type { SnapshotContent } from './snapshot-content.ts';

/** What a snapshot does not know of a row is null. */
export function rowsOfSnapshot({ containers, images, volumes, networks, services, nodes }: SnapshotContent): EngineRows {
  return {
    containers: containers.map(({ id, name, image, imageId, state, health, exitCode, createdAt, ports, labels }) => ({ id, name, image, imageId, state, health, says: state === 'exited' && exitCode !== null ? `Exited (${exitCode})` : null, saidAtMs: null, createdAt, ports, labels })),
    images: images.map(({ id, tags, sizeBytes, createdAt }) => ({ id, tags, sizeBytes, createdAt: createdAt === null || Date.parse(createdAt) <= 0 ? null : createdAt })),
    volumes: volumes.map(({ name, driver, mountpoint, labels }) => ({ name, driver, mountpoint, project: projectOf(labels) })),
    networks: networks.map(({ id, name, driver, scope, internal, subnets, labels }) => ({ id, name, driver, scope, isInternal: internal, subnets, project: projectOf(labels) })),
    services: services.map(({ id, name, image, mode, desired, running, labels }) => ({ id, name, image, mode, desired, running, stack: projectOf(labels) })),
    nodes: nodes.map(({ id, hostname, role, leader, availability, state, address, engineVersion }) => ({ id, hostname, role, isLeader: leader, availability, state, address, engineVersion })),
  };
}
