/** Use cases of snapshots: who is asked for one and when, and what is recorded of it. */
import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { agentKey } from '../domain/environment.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { PastSnapshot } from '../domain/past-record.ts';
import { canonicalText, snapshotBytesAtMost } from '../domain/snapshot.ts';
import { EventStoreError, type EventReader, type ExpectedRevision } from '../event-store/port.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { EventLog } from './event-log.ts';
import { createInTurn, type InTurn } from './in-turn.ts';
import { loadKnownEnvironment } from './known-environment.ts';
import { createPace, type Pace } from './pace.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import { AgentRefused, type PollIntroduction } from './ports/poll-admission.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { SnapshotRecording, SnapshotReport, SnapshotRequests } from './ports/snapshots.ts';
import type { OpenedTunnel } from './ports/tunnel-gate.ts';
import type { PresentAgent } from './presence.ts';

/** An agent that was asked and brought nothing is asked again after so long. */
const askAgainMs = 60_000;
/** Agents asked at once, and a second: a whole fleet without snapshots is asked little by little. */
const askPace = { burst: 20, perSecond: 20 };
/** Snapshots an environment may bring at once, and a second in the long run: idle closes bring some too. */
const recordPace = { burst: 64, perSecond: 1 / 15 };
const dayMs = 86_400_000;

export interface Snapshots extends SnapshotRecording, SnapshotRequests {
  /** What the record says of an environment's node at start, so that a restart asks nobody anew. */
  know(past: PastSnapshot): void;
  /** Whether the agent is to be asked for one in the answer that is made now: then it counts as asked. */
  wants(agent: PresentAgent): boolean;
  /** Snapshots recorded before this instant are gone: where that took a node's only one, another is wanted, and recorded whole. */
  expired(beforeMs: number): void;
  /** Nothing is expected of an environment that is gone. */
  forget(environmentId: string): void;
  /** Before an idle close is recorded: where no snapshot came since it was allowed, an event says so. Never throws. */
  beforeClosed(tunnel: OpenedTunnel, decidedAtMs: number): Promise<void>;
  close(): Promise<void>;
}

interface NodeEntry {
  /** When the next one is to be asked for; Infinity for never. */
  dueMs: number;
  /** The last time anything was reported, and by which instance. */
  reportedAtMs: number;
  instanceId: string | undefined;
  /** The last one failed because the agent had no engine: it is asked again once it has. */
  isEngineAwaited: boolean;
  /** Of the last SnapshotRecorded, and when that was. */
  recorded: { readonly hash: string; readonly atMs: number } | undefined;
  isRecordedKnown: boolean;
}

interface EnvironmentEntry {
  readonly nodes: Map<string, NodeEntry>;
  readonly pace: Pace;
  expectedRevision: ExpectedRevision;
  /** Appends go one after the other. */
  readonly inTurn: InTurn;
}

/** Creates the use cases. `verify` checks an introduction as a poll's; `remind` makes connected agents' answers come early. */
export function createSnapshots(deps: {
  readonly log: EventLog;
  readonly reader: EventReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingsAccess;
  readonly environments: Pick<EnvironmentStreams, 'load'>;
  readonly actor: string;
  readonly verify: (introduction: PollIntroduction) => Promise<CommandContext>;
  readonly remind: (environmentId: string) => number;
  readonly isDue: (environmentId: string) => boolean;
}): Snapshots {
  const { log, reader, clock, logger, settings, environments, actor, verify, remind, isDue } = deps;
  const known = new Map<string, EnvironmentEntry>();
  const asking = createPace(clock, askPace);

  function entryOf(environmentId: string): EnvironmentEntry {
    let entry = known.get(environmentId);
    if (entry === undefined) {
      entry = { nodes: new Map(), pace: createPace(clock, recordPace), expectedRevision: 'no-stream', inTurn: createInTurn() };
      known.set(environmentId, entry);
    }
    return entry;
  }

  function nodeOf(environmentId: string, key: string): NodeEntry {
    const { nodes } = entryOf(environmentId);
    let node = nodes.get(key);
    if (node === undefined) {
      // Nobody has seen this engine yet.
      node = { dueMs: 0, reportedAtMs: -Infinity, instanceId: undefined, isEngineAwaited: false, recorded: undefined, isRecordedKnown: false };
      nodes.set(key, node);
    }
    return node;
  }

  /** An interval from then, a tenth more or less, so that those taken together once are not for ever. */
  function nextDue(fromMs: number): number {
    const { snapshotIntervalSeconds } = settings.current();
    return snapshotIntervalSeconds === 0 ? Infinity : fromMs + snapshotIntervalSeconds * 1000 * (0.9 + Math.random() / 5);
  }

  /** The hash of the node's last recorded snapshot, from the log where this process does not know it. */
  async function lookUp(environmentId: string, key: string, node: NodeEntry): Promise<void> {
    if (node.isRecordedKnown) return;
    try {
      search: for await (const page of reader.readStream(streamOf(environmentId), { direction: 'backwards' })) {
        for (const recorded of page) {
          if (recorded.type !== 'SnapshotRecorded') continue;
          const event = decodeEvent(recorded);
          if (event?.type !== 'SnapshotRecorded' || (event.data.node ?? '') !== key) continue;
          node.recorded = { hash: event.data.hash, atMs: recorded.createdAtMs };
          break search;
        }
      }
    } catch (error) {
      if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw unavailable(error);
    }
    node.isRecordedKnown = true;
  }

  /** Other control-plane nodes may write here too: where one did, the store says after which revision to go on. */
  async function append(environmentId: string, event: DomainEvent, context: CommandContext): Promise<void> {
    const entry = entryOf(environmentId);
    const prepared = log.prepare([event], context);
    for (let attempt = 0; ; attempt++) {
      try {
        const { revision } = await log.append(streamOf(environmentId), prepared, { expectedRevision: entry.expectedRevision });
        entry.expectedRevision = revision;
        return;
      } catch (error) {
        const isStale = error instanceof EventStoreError && error.code === 'wrong-expected-revision' && error.actualRevision !== undefined;
        if (!isStale || attempt === 8) throw error;
        entry.expectedRevision = error.actualRevision;
      }
    }
  }

  async function record(introduction: PollIntroduction, report: SnapshotReport, context: CommandContext): Promise<{ readonly isUnchanged: boolean }> {
    const { environmentId, instanceId } = introduction;
    const key = agentKey(introduction.report);
    const place = { at: instantOf(clock), environmentId, node: key === '' ? null : key };
    const node = nodeOf(environmentId, key);
    if (report.kind === 'failed') {
      await append(environmentId, { type: 'SnapshotFailed', data: { ...place, reason: report.reason, detail: report.detail } }, context);
      settle(node, instanceId, introduction.report.engine === null);
      return { isUnchanged: false };
    }
    const { content } = report;
    if (Buffer.byteLength(JSON.stringify(content)) > snapshotBytesAtMost) throw new RangeError('the snapshot is larger than a snapshot may be');
    const hash = createHash('sha256').update(canonicalText(content)).digest('base64');
    await lookUp(environmentId, key, node);
    // What it refers to must outlive it: halfway to its end the whole is recorded again.
    const { snapshotRetentionDays } = settings.current();
    const keptMs = snapshotRetentionDays === 0 ? Infinity : (snapshotRetentionDays * dayMs) / 2;
    const isUnchanged = node.recorded?.hash === hash && clock.now() - node.recorded.atMs < keptMs;
    const event: DomainEvent = isUnchanged
      ? { type: 'SnapshotUnchanged', data: { ...place, hash } }
      : { type: 'SnapshotRecorded', data: { ...place, hostname: introduction.report.node, hash, content } };
    await append(environmentId, event, context);
    if (!isUnchanged) node.recorded = { hash, atMs: clock.now() };
    settle(node, instanceId, false);
    return { isUnchanged };
  }

  function settle(node: NodeEntry, instanceId: string, isEngineAwaited: boolean): void {
    node.reportedAtMs = clock.now();
    node.dueMs = nextDue(node.reportedAtMs);
    node.instanceId = instanceId;
    node.isEngineAwaited = isEngineAwaited;
  }

  return {
    know({ environmentId, node, takenAt }) {
      const entry = nodeOf(environmentId, node ?? '');
      entry.dueMs = Math.max(nextDue(Date.parse(takenAt)), clock.now());
    },

    wants(agent) {
      const node = nodeOf(agent.environmentId, agentKey(agent.report));
      const now = clock.now();
      if (node.isEngineAwaited && agent.report.engine !== null) node.dueMs = 0;
      if (node.dueMs > now || !asking.take()) return false;
      node.isEngineAwaited = false;
      node.dueMs = now + askAgainMs;
      return true;
    },

    expired(beforeMs) {
      for (const { nodes } of known.values()) {
        for (const node of nodes.values()) {
          // One of that very instant may be there: asking for another does no harm.
          if (!node.isRecordedKnown || (node.recorded?.atMs ?? Infinity) > beforeMs) continue;
          node.recorded = undefined;
          node.dueMs = 0;
        }
      }
    },

    forget(environmentId) {
      known.delete(environmentId);
    },

    masksSecrets: () => settings.current().maskSecretsInSnapshots,

    async admit(introduction) {
      const { environmentId } = introduction;
      const context = await verify(introduction);
      if (!entryOf(environmentId).pace.take()) throw new AgentRefused('polling-too-fast', 'this environment brings snapshots far more often than it was asked to', 60_000);
      return { record: (report) => entryOf(environmentId).inTurn(() => record(introduction, report, context)) };
    },

    async request(environmentId) {
      const { agents } = await loadKnownEnvironment(environments, environmentId);
      if (!isDue(environmentId)) throw new ApplicationError('agent-not-polling', 'no agent of this environment is polling; check that it runs and reaches this address', { retryAfterSeconds: 5 });
      for (const key of agents.keys()) nodeOf(environmentId, key).dueMs = 0;
      return { agents: remind(environmentId) };
    },

    async beforeClosed({ key, instanceId, agentNode }, decidedAtMs) {
      const { environmentId } = key;
      const reported = [...(known.get(environmentId)?.nodes ?? [])].find(([, node]) => node.instanceId === instanceId);
      if (reported !== undefined && reported[1].reportedAtMs >= decidedAtMs) return;
      const node = reported?.[0] ?? key.node ?? '';
      const data = { at: instantOf(clock), environmentId, node: node === '' ? null : node, reason: 'not-received', detail: `no snapshot came from ${agentNode} before its tunnel closed` };
      await entryOf(environmentId).inTurn(() => append(environmentId, { type: 'SnapshotFailed', data }, { actor, correlationId: randomUUID() })).catch((error: unknown) => {
        logger.warn({ err: error }, 'it could not be recorded that no snapshot came before an idle close');
      });
    },

    async close() {
      await Promise.all([...known.values()].map(({ inTurn }) => inTurn(() => Promise.resolve())));
    },
  };
}

function streamOf(environmentId: string): string {
  return `snapshots-${environmentId}`;
}

function unavailable(cause: unknown): ApplicationError {
  return new ApplicationError('event-store-unavailable', 'the event store cannot be read now; try again shortly', { retryAfterSeconds: 5, cause });
}
