/** Takes a snapshot of the engine: each section in a time of its own, so that a slow one costs nothing but itself. */
import { Snapshot } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type * as wire from '../../proto/generated/homeport/poll/v1/poll.ts';
import { keptWithin } from '../../proto/fair-cut.ts';
import { SNAPSHOT_BYTES } from '../../proto/snapshot-limits.ts';
import { getDockerJson } from '../engine/docker-json.ts';
import { countOf, listOf, objectOf } from './engine-json.ts';
import {
  containerSection,
  diskUseSection,
  engineSection,
  envOf,
  imageSection,
  keepSecrets,
  maskSecrets,
  networkSection,
  nodeSection,
  serviceSection,
  volumeSection,
} from './sections.ts';

/** How long an engine may take, in milliseconds: over a section, over the disk use, which it may have to count, and over all. */
export interface SnapshotTiming {
  readonly sectionMs: number;
  readonly diskUseMs: number;
}

export const SNAPSHOT_TIMING: SnapshotTiming = { sectionMs: 5000, diskUseMs: 12_000 };

/** A longer answer is not read to its end. */
const ANSWER_BYTES = 8 * 1024 * 1024;
/** Where the list of all containers is too long, so many of the newest. */
const NEWEST_CONTAINERS = 500;
/** Containers asked for their environment: so many, so many at once. */
const INSPECTED = 500;
const INSPECTED_AT_ONCE = 4;
/** Of an encoded snapshot, for all but its lists. */
const FRAME_BYTES = 16 * 1024;

type Ask = (path: string, withinMs?: number) => Promise<unknown>;
const lists = ['containers', 'images', 'volumes', 'networks', 'nodes', 'services'] as const;

/** Never rejects but by the signal: what the engine does not tell is said in the snapshot. */
export async function takeSnapshot(options: {
  readonly socketPath: string;
  readonly keepsSecrets: boolean;
  readonly signal: AbortSignal;
  readonly timing?: SnapshotTiming;
}): Promise<Snapshot> {
  const { socketPath, keepsSecrets, signal, timing = SNAPSHOT_TIMING } = options;
  const mask = keepsSecrets ? keepSecrets : maskSecrets;
  const ask: Ask = (path, withinMs = timing.sectionMs) => getDockerJson(socketPath, path, signal, { deadlineMs: withinMs, maxBytes: ANSWER_BYTES });
  const snapshot = emptySnapshot();
  let info: Readonly<Record<string, unknown>>;
  try {
    const [version, told] = await Promise.all([ask('/version'), ask('/info')]);
    info = objectOf(told);
    snapshot.engine = engineSection(objectOf(version), info);
  } catch (error) {
    signal.throwIfAborted();
    const { reason, detail } = failureOf(error);
    return { ...snapshot, failure: reason, failureDetail: detail };
  }

  async function section(name: string, take: () => Promise<void>): Promise<void> {
    try {
      await take();
    } catch (error) {
      signal.throwIfAborted();
      snapshot.gaps.push({ section: name, kept: 0, of: 0, reason: failureOf(error).reason });
    }
  }

  async function containers(): Promise<void> {
    const all = await listed(ask('/containers/json?all=1')).catch(async (error: unknown) => {
      if (failureOf(error).reason !== 'too-large') throw error;
      const newest = await listed(ask(`/containers/json?all=1&limit=${String(NEWEST_CONTAINERS)}`));
      snapshot.gaps.push({ section: 'containers', kept: newest.length, of: Math.min(countOf(info['Containers']), 0xffff_ffff), reason: 'too-large' });
      return newest;
    });
    snapshot.containers = all.map((one) => containerSection(one, mask));
    const waiting = snapshot.containers.slice(0, INSPECTED);
    const env = { known: 0, isLate: false };
    const untilMs = performance.now() + timing.sectionMs;
    const inspect = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        env.isLate ||= performance.now() >= untilMs;
        if (env.isLate || !/^[0-9a-f]{1,64}$/.test(next.id)) continue;
        // Gone meanwhile, or no time left: then its environment is not known, which is no reason to know nothing.
        const told = await ask(`/containers/${next.id}/json`, Math.max(1, Math.ceil(untilMs - performance.now()))).catch((error: unknown) => {
          env.isLate ||= failureOf(error).reason === 'timeout';
        });
        if (told === undefined) continue;
        env.known += 1;
        next.env = envOf(objectOf(objectOf(told)['Config'])['Env'], mask);
      }
    };
    await Promise.all(Array.from({ length: INSPECTED_AT_ONCE }, inspect));
    const { length } = snapshot.containers;
    if (env.known < length) snapshot.gaps.push({ section: 'container_env', kept: env.known, of: length, reason: env.isLate ? 'timeout' : length > INSPECTED ? 'too-many' : 'engine-error' });
  }

  const isManager = objectOf(info['Swarm'])['ControlAvailable'] === true;
  await Promise.all([
    section('containers', containers),
    section('images', async () => void (snapshot.images = (await listed(ask('/images/json'))).map((one) => imageSection(one, mask)))),
    section('volumes', async () => {
      const { Volumes: volumes } = objectOf(await ask('/volumes'));
      snapshot.volumes = listOf(volumes).map((one) => volumeSection(one, mask));
    }),
    section('networks', async () => void (snapshot.networks = (await listed(ask('/networks'))).map((one) => networkSection(one, mask)))),
    section('disk_use', async () => void (snapshot.diskUse = diskUseSection(await ask('/system/df', timing.diskUseMs)))),
    ...(isManager
      ? [
          section('nodes', async () => void (snapshot.nodes = (await listed(ask('/nodes'))).map(nodeSection))),
          section('services', async () => void (snapshot.services = (await listed(ask('/services?status=true'))).map((one) => serviceSection(one, mask)))),
        ]
      : []),
  ]);
  return cut(snapshot);
}

/** As much of it as may travel, and what is missing said. */
function cut(snapshot: Snapshot): Snapshot {
  const sizes = Object.fromEntries(
    lists.map((name) => [name, (snapshot[name] as readonly object[]).map((item) => Snapshot.encode({ ...emptySnapshot(), [name]: [item] }).finish().length)]),
  ) as Record<(typeof lists)[number], number[]>;
  const kept = keptWithin(sizes, SNAPSHOT_BYTES - FRAME_BYTES);
  const whole: Record<string, number> = Object.fromEntries(lists.map((name) => [name, snapshot[name].length]));
  const gaps: wire.SnapshotGap[] = snapshot.gaps.filter(({ section }) => (kept as Record<string, number>)[section] === undefined || kept[section as keyof typeof kept] === whole[section]);
  for (const name of lists) {
    if (kept[name] === whole[name]) continue;
    const known = snapshot.gaps.find(({ section }) => section === name)?.of;
    gaps.push({ section: name, kept: kept[name], of: known ?? whole[name] ?? 0, reason: 'too-large' });
  }
  return {
    ...snapshot,
    containers: snapshot.containers.slice(0, kept.containers),
    images: snapshot.images.slice(0, kept.images),
    volumes: snapshot.volumes.slice(0, kept.volumes),
    networks: snapshot.networks.slice(0, kept.networks),
    nodes: snapshot.nodes.slice(0, kept.nodes),
    services: snapshot.services.slice(0, kept.services),
    gaps,
  };
}

function emptySnapshot(): Snapshot {
  return Snapshot.decode(new Uint8Array());
}

async function listed(answer: Promise<unknown>): Promise<readonly unknown[]> {
  const value = await answer;
  if (!Array.isArray(value)) throw new SyntaxError('the answer is no list');
  return value as unknown[];
}

const SOCKET_CODES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'docker-socket-missing'],
  ['EACCES', 'docker-socket-denied'],
  ['ECONNREFUSED', 'docker-socket-refused'],
]);

function failureOf(error: unknown): { readonly reason: string; readonly detail: string } {
  if (!(error instanceof Error)) return { reason: 'engine-error', detail: 'the engine failed' };
  const code = 'code' in error ? String(error.code) : '';
  const socket = SOCKET_CODES.get(code);
  if (socket !== undefined) return { reason: socket, detail: `the Docker socket can not be used (${code})` };
  if (code === 'ANSWER_TOO_LONG') return { reason: 'too-large', detail: error.message };
  if (error.name === 'TimeoutError' || error.cause instanceof Error && error.cause.name === 'TimeoutError') return { reason: 'timeout', detail: 'the engine does not answer in time' };
  // What it wrote instead of JSON may hold anything: it is not repeated.
  if (error instanceof SyntaxError) return { reason: 'engine-garbage', detail: 'the engine answers what is no answer' };
  return { reason: 'engine-error', detail: error.message };
}
