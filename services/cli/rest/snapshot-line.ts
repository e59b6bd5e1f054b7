/** A snapshot in one line, as lists and tables show it. */
import type { Snapshot } from './environments.ts';

/** Null where nothing is known. */
export function snapshotLine(snapshot: Snapshot | null | undefined): string | null {
  if (snapshot === null || snapshot === undefined) return null;
  const { takenAt, summary, lastFailure } = snapshot;
  const failure = lastFailure === null ? '' : `failed ${lastFailure.at} (${lastFailure.reason})`;
  if (summary === null || takenAt === null) return failure === '' ? null : failure;
  const { containers, stacks, services, volumes, images, cpus, memoryBytes } = summary;
  const health = [containers.healthy > 0 ? `${containers.healthy} healthy` : '', containers.unhealthy > 0 ? `${containers.unhealthy} unhealthy` : ''].filter((part) => part !== '');
  const parts = [
    `${containers.running} running${health.length === 0 ? '' : ` (${health.join(', ')})`}, ${containers.stopped} stopped`,
    `${stacks} stacks`,
    ...(services > 0 ? [`${services} services`] : []),
    `${volumes} volumes`,
    `${images} images`,
    `${cpus} CPUs`,
    `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
  ];
  return `${takenAt}: ${parts.join(', ')}${failure === '' ? '' : `; ${failure}`}`;
}
