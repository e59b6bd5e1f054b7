/** Forms a snapshot's sections from what the engine's API answers. What is not taken over stays with the engine: options, arguments, tokens. */
import type * as wire from '../../proto/generated/homeport/poll/v1/poll.ts';
import { maskSecret } from '../../proto/secret-values.ts';
import { countOf, listOf, objectOf, smallCountOf, textOf, type Json } from './engine-json.ts';

/** At most so many pairs, and texts, of one thing. */
const MOST = 256;

/** Masks values by their names, or leaves them. */
export type Mask = (name: string, value: string) => string;

export const maskSecrets: Mask = maskSecret;
export const keepSecrets: Mask = (_name, value) => value;

export function engineSection(version: Json, info: Json): wire.SnapshotEngine {
  const isPodman = listOf(version['Components']).some((one) => textOf(objectOf(one)['Name']).startsWith('Podman'));
  return {
    name: isPodman ? 'podman' : 'docker',
    version: textOf(version['Version']),
    apiVersion: textOf(version['ApiVersion']),
    platform: `${textOf(version['Os'])}/${textOf(version['Arch'])}`,
    operatingSystem: textOf(info['OperatingSystem']),
    kernelVersion: textOf(info['KernelVersion']),
    cpus: smallCountOf(info['NCPU']),
    memoryBytes: countOf(info['MemTotal']),
    storageDriver: textOf(info['Driver']),
    dataRoot: textOf(info['DockerRootDir']),
  };
}

export function containerSection(value: unknown, mask: Mask): wire.SnapshotContainer {
  const one = objectOf(value);
  const status = textOf(one['Status']);
  const exited = /^Exited \((-?\d{1,9})\)/.exec(status)?.[1];
  return {
    id: textOf(one['Id']),
    name: textOf(listOf(one['Names'])[0]).replace(/^\//, ''),
    image: mask('', textOf(one['Image'])),
    imageId: textOf(one['ImageID']),
    command: mask('', textOf(one['Command']).trim().split(/\s/)[0] ?? ''),
    createdAtSeconds: countOf(one['Created']),
    state: textOf(one['State']),
    health: /\((healthy|unhealthy)\)$/.exec(status)?.[1] ?? (status.endsWith('(health: starting)') ? 'starting' : ''),
    exitCode: exited === undefined ? undefined : Number(exited) | 0,
    labels: labelsOf(one['Labels'], mask),
    ports: listOf(one['Ports']).slice(0, MOST).map(portText),
    mounts: listOf(one['Mounts']).slice(0, MOST).map(mountText),
    networks: Object.keys(objectOf(objectOf(one['NetworkSettings'])['Networks'])).slice(0, MOST).map(textOf),
    env: [],
  };
}

export function imageSection(value: unknown, mask: Mask): wire.SnapshotImage {
  const one = objectOf(value);
  return {
    id: textOf(one['Id']),
    tags: listOf(one['RepoTags']).slice(0, MOST).map(textOf),
    sizeBytes: countOf(one['Size']),
    createdAtSeconds: countOf(one['Created']),
    labels: labelsOf(one['Labels'], mask),
  };
}

export function volumeSection(value: unknown, mask: Mask): wire.SnapshotVolume {
  const one = objectOf(value);
  return { name: textOf(one['Name']), driver: textOf(one['Driver']), mountpoint: textOf(one['Mountpoint']), labels: labelsOf(one['Labels'], mask) };
}

export function networkSection(value: unknown, mask: Mask): wire.SnapshotNetwork {
  const one = objectOf(value);
  const subnets = listOf(objectOf(one['IPAM'])['Config']).slice(0, MOST).map((config) => textOf(objectOf(config)['Subnet']));
  return {
    id: textOf(one['Id']),
    name: textOf(one['Name']),
    driver: textOf(one['Driver']),
    scope: textOf(one['Scope']),
    internal: one['Internal'] === true,
    subnets: subnets.filter((subnet) => subnet !== ''),
    labels: labelsOf(one['Labels'], mask),
  };
}

export function diskUseSection(value: unknown): wire.SnapshotDiskUse {
  const one = objectOf(value);
  const sum = (items: unknown, sizeOf: (item: Json) => unknown): number =>
    Math.min(listOf(items).reduce<number>((total, item) => total + countOf(sizeOf(objectOf(item))), 0), Number.MAX_SAFE_INTEGER);
  return {
    imagesBytes: countOf(one['LayersSize']),
    containersBytes: sum(one['Containers'], (item) => item['SizeRw']),
    volumesBytes: sum(one['Volumes'], (item) => objectOf(item['UsageData'])['Size']),
    buildCacheBytes: sum(one['BuildCache'], (item) => item['Size']),
  };
}

export function nodeSection(value: unknown): wire.SnapshotNode {
  const one = objectOf(value);
  const [spec, status, description] = [objectOf(one['Spec']), objectOf(one['Status']), objectOf(one['Description'])];
  return {
    id: textOf(one['ID']),
    hostname: textOf(description['Hostname']),
    role: textOf(spec['Role']),
    availability: textOf(spec['Availability']),
    state: textOf(status['State']),
    address: textOf(status['Addr']),
    engineVersion: textOf(objectOf(description['Engine'])['EngineVersion']),
    leader: objectOf(one['ManagerStatus'])['Leader'] === true,
  };
}

export function serviceSection(value: unknown, mask: Mask): wire.SnapshotService {
  const one = objectOf(value);
  const spec = objectOf(one['Spec']);
  const container = objectOf(objectOf(spec['TaskTemplate'])['ContainerSpec']);
  const mode = Object.keys(objectOf(spec['Mode']))[0] ?? '';
  const status = objectOf(one['ServiceStatus']);
  return {
    id: textOf(one['ID']),
    name: textOf(spec['Name']),
    image: mask('', textOf(container['Image'])),
    mode: textOf(mode).replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`),
    desired: smallCountOf(status['DesiredTasks']),
    running: smallCountOf(status['RunningTasks']),
    labels: labelsOf(spec['Labels'], mask),
    env: envOf(container['Env'], mask),
  };
}

/** Variables as the engine has them, `NAME=value` each. */
export function envOf(value: unknown, mask: Mask): wire.SnapshotPair[] {
  return listOf(value)
    .slice(0, MOST)
    .map((variable) => {
      // Masked before it is cut: half a secret would look like none.
      const text = typeof variable === 'string' ? variable : '';
      const at = text.includes('=') ? text.indexOf('=') : text.length;
      return pair(text.slice(0, at), text.slice(at + 1), mask);
    });
}

function labelsOf(value: unknown, mask: Mask): wire.SnapshotPair[] {
  return Object.entries(objectOf(value))
    .slice(0, MOST)
    .map(([name, label]) => pair(name, typeof label === 'string' ? label : '', mask));
}

function pair(name: string, value: string, mask: Mask): wire.SnapshotPair {
  // Beyond a few thousand characters no pattern needs to look: that much is shown to nobody.
  return { name: mask('', name.slice(0, 256)), value: textOf(mask(name, value.slice(0, 8192))) };
}

function portText(value: unknown): string {
  const one = objectOf(value);
  const inner = `${String(smallCountOf(one['PrivatePort']))}/${textOf(one['Type'])}`;
  const outer = smallCountOf(one['PublicPort']);
  const ip = textOf(one['IP']);
  return outer === 0 ? inner : `${ip.includes(':') ? `[${ip}]` : ip}:${String(outer)}->${inner}`;
}

function mountText(value: unknown): string {
  const one = objectOf(value);
  const source = textOf(one['Name']) === '' ? textOf(one['Source']) : textOf(one['Name']);
  return `${textOf(one['Type'])} ${source}:${textOf(one['Destination'])}:${one['RW'] === false ? 'ro' : 'rw'}`;
}
