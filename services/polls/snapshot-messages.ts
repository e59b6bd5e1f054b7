/** A snapshot from the wire's message to the record's words: cut to sane lengths, masked, and within its bound. */
import { keptWithin } from '../../proto/fair-cut.ts';
import type * as wire from '../../proto/generated/homeport/poll/v1/poll.ts';
import { maskSecret } from '../../proto/secret-values.ts';
import type { SnapshotReport } from '../application/ports/snapshots.ts';
import { type Pairs, type SnapshotContent, type SnapshotLists, snapshotBytesAtMost } from '../domain/snapshot.ts';

const longestText = 256;
const longestValue = 1024;
const mostPairs = 256;
const mostTexts = 128;
/** Room for what comes around the lists: the engine, disk use, and what is said of sections. */
const frameBytes = 16 * 1024;

const sections = ['engine', 'containers', 'images', 'volumes', 'networks', 'diskUse', 'nodes', 'services'] as const;
/** What the wire calls a section and what the record does. */
const sectionNames: ReadonlyMap<string, string> = new Map<string, string>([...sections.map((name) => [name, name] as const), ['disk_use', 'diskUse']]);

/** What the agent brought, as it is recorded. `isMasked` is whether what looks like a secret must not be. */
export function snapshotReportOf(snapshot: wire.Snapshot, isMasked: boolean): SnapshotReport {
  if (snapshot.failure !== '') return { kind: 'failed', reason: codeOf(snapshot.failure), detail: shown(maskedText(snapshot.failureDetail, isMasked)) };
  const pairs = (given: readonly wire.SnapshotPair[]): Pairs => pairsOf(given, isMasked);
  // No variables say nothing where those of some containers are not known.
  const isEnvPartial = snapshot.gaps.some(({ section }) => section === 'container_env');
  const lists: SnapshotLists = {
    containers: snapshot.containers.map((one) => ({
      id: shown(one.id),
      name: shown(one.name),
      image: shown(maskedText(one.image, isMasked)),
      imageId: shown(one.imageId),
      command: shown(maskedText(one.command, isMasked)),
      createdAt: instantOf(one.createdAtSeconds),
      state: shown(one.state),
      health: one.health === '' ? null : shown(one.health),
      exitCode: one.exitCode ?? null,
      labels: pairs(one.labels),
      ports: texts(one.ports),
      mounts: texts(one.mounts),
      networks: texts(one.networks),
      env: isEnvPartial && one.env.length === 0 ? null : pairs(one.env),
    })),
    images: snapshot.images.map((one) => ({
      id: shown(one.id),
      tags: texts(one.tags),
      sizeBytes: one.sizeBytes,
      createdAt: instantOf(one.createdAtSeconds),
      labels: pairs(one.labels),
    })),
    volumes: snapshot.volumes.map((one) => ({ name: shown(one.name), driver: shown(one.driver), mountpoint: shown(one.mountpoint), labels: pairs(one.labels) })),
    networks: snapshot.networks.map((one) => ({
      id: shown(one.id),
      name: shown(one.name),
      driver: shown(one.driver),
      scope: shown(one.scope),
      internal: one.internal,
      subnets: texts(one.subnets),
      labels: pairs(one.labels),
    })),
    nodes: snapshot.nodes.map((one) => ({
      id: shown(one.id),
      hostname: shown(one.hostname),
      role: shown(one.role),
      availability: shown(one.availability),
      state: shown(one.state),
      address: shown(one.address),
      engineVersion: shown(one.engineVersion),
      leader: one.leader,
    })),
    services: snapshot.services.map((one) => ({
      id: shown(one.id),
      name: shown(one.name),
      image: shown(maskedText(one.image, isMasked)),
      mode: shown(one.mode),
      desired: one.desired,
      running: one.running,
      labels: pairs(one.labels),
      env: pairs(one.env),
    })),
  };
  return { kind: 'taken', content: bounded(snapshot, lists) };
}

/** Cuts the lists to the bound, and says what is missing and why. */
function bounded({ engine, diskUse, gaps }: wire.Snapshot, lists: SnapshotLists): SnapshotContent {
  const entries = Object.entries(lists) as [keyof SnapshotLists, readonly object[]][];
  const sizes = entries.map(([name, items]) => [name, items.map((item) => Buffer.byteLength(JSON.stringify(item)) + 1)] as const);
  const fitting = keptWithin(Object.fromEntries(sizes) as Record<keyof SnapshotLists, number[]>, snapshotBytesAtMost - frameBytes);
  const truncated: Record<string, { readonly kept: number; readonly of: number | null }> = {};
  const failed: Record<string, string> = {};
  for (const { section, kept, of, reason } of gaps) {
    // Of so many of the containers the variables are known.
    if (section === 'container_env') truncated['containerEnv'] = { kept: Math.min(kept, lists.containers.length), of: of === 0 ? null : of };
    const name = sectionNames.get(section);
    if (name === undefined) continue;
    const items = (lists as unknown as Record<string, readonly object[] | undefined>)[name];
    if (items === undefined || items.length === 0) failed[name] = codeOf(reason);
    else truncated[name] = { kept: items.length, of: of === 0 ? null : of };
  }
  for (const [name, items] of entries) {
    if (fitting[name] < items.length) truncated[name] = { kept: fitting[name], of: truncated[name]?.of ?? items.length };
  }
  const cut = Object.fromEntries(entries.map(([name, items]) => [name, items.slice(0, fitting[name])])) as unknown as SnapshotLists;
  return {
    ...cut,
    engine:
      engine === undefined
        ? null
        : {
            name: shown(engine.name),
            version: shown(engine.version),
            apiVersion: shown(engine.apiVersion),
            platform: shown(engine.platform),
            operatingSystem: shown(engine.operatingSystem),
            kernelVersion: shown(engine.kernelVersion),
            cpus: engine.cpus,
            memoryBytes: engine.memoryBytes,
            storageDriver: shown(engine.storageDriver),
            dataRoot: shown(engine.dataRoot),
          },
    diskUse:
      diskUse === undefined
        ? null
        : { imagesBytes: diskUse.imagesBytes, containersBytes: diskUse.containersBytes, volumesBytes: diskUse.volumesBytes, buildCacheBytes: diskUse.buildCacheBytes },
    truncated,
    failed,
  };
}

function pairsOf(given: readonly wire.SnapshotPair[], isMasked: boolean): Pairs {
  const pairs = given.slice(0, mostPairs).map(({ name, value }) => {
    const clean = printable(isMasked ? maskSecret(name, value) : value);
    return [shown(maskedText(name, isMasked)), clean.slice(0, longestValue)] as const;
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function texts(given: readonly string[]): string[] {
  return given.slice(0, mostTexts).map(shown).sort();
}

function maskedText(text: string, isMasked: boolean): string {
  return isMasked ? maskSecret('', text) : text;
}

/** What an engine says ends up in events and pages: printable, and of bounded length. */
function shown(text: string): string {
  return printable(text).slice(0, longestText);
}

function printable(text: string): string {
  return text.replace(/\p{C}/gu, ' ');
}

function codeOf(text: string): string {
  return /^[a-z0-9-]{1,64}$/.test(text) ? text : 'unknown';
}

function instantOf(seconds: number): string | null {
  return seconds > 0 && seconds < 253_402_300_800 ? new Date(seconds * 1000).toISOString() : null;
}
