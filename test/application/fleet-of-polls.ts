/** Polls of a fleet, recorded, summarised and let go as serve does, over a real embedded store and a manual clock; beside them its decisions. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import pino from 'pino';
import { createEventLog, type EventLog } from '../../services/application/event-log.ts';
import { createPollRecorder } from '../../services/application/poll-recorder.ts';
import { createPollSummaries } from '../../services/application/poll-summaries.ts';
import { createRetention } from '../../services/application/retention.ts';
import { defaultSettings } from '../../services/application/setting-rules.ts';
import { createSingleWriterStream } from '../../services/application/single-writer-stream.ts';
import { createTallies } from '../../services/application/tallies.ts';
import type { DomainEvent, Settings } from '../../services/domain/events.ts';
import { eventLogFile, openEventStore } from '../../services/event-store/open.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { eventually } from './harness.ts';
import { createManualClock } from './manual-clock.ts';

const context = { actor: 'system:cp1', correlationId: '00000000-0000-4000-8000-000000000001' };
const report = { node: 'press', version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: { name: 'docker', version: '28.2.2', apiVersion: '1.50' }, swarm: null };

export interface PollFleet {
  /** Each agent polls once, five seconds pass, and one environment goes down and comes back with a newer agent. */
  round(): Promise<void>;
  /** Events that stay for ever, as they were recorded. */
  readonly decisions: readonly DomainEvent[];
  readonly pollsMade: number;
  /** Bytes of the log's file, and of its write-ahead log, at most so far. */
  readonly peak: { readonly file: number; readonly writeAheadLog: number };
  /** Milliseconds that an append of a decision took, each. */
  readonly latenciesMs: readonly number[];
  /** Ends the fleet, with a last summary, and gives everything that is in the log. */
  end(): Promise<RecordedEvent[]>;
  /** What the file takes without any poll, packed; after the end. */
  bytesWithoutPolls(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a fleet of one agent an environment. */
export async function startPollFleet({ agents, settings: given }: { readonly agents: number; readonly settings: Partial<Settings> }): Promise<PollFleet> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'homeport-retention-'));
  const file = eventLogFile(dataDirectory);
  const store = await openEventStore({ dataDirectory });
  const clock = createManualClock(new Date().toISOString());
  const logger = pino({ enabled: false });
  const log: EventLog = createEventLog({ store, clock });
  const settings = { current: () => ({ ...defaultSettings, ...given }), change: () => Promise.reject(new Error('settings stay here')) };
  const stream = createSingleWriterStream({ log, stream: 'retention-cp1' });
  const summaries = createPollSummaries({ log, clock, logger, reader: store, controlPlaneNode: 'cp1', retention: stream, actor: context.actor });
  const recorder = createPollRecorder({ log, clock, logger, controlPlaneNode: 'cp1', retention: stream, summaries, tallies: createTallies() });
  const retention = createRetention({ maintenance: store.maintenance, reader: store, log, clock, logger, settings, summaries, stream, actor: context.actor, onSnapshotsExpired: () => undefined });
  const decisions: DomainEvent[] = [];
  const latenciesMs: number[] = [];
  const revisions = new Map<string, number>();
  let rounds = 0;
  let peak = { file: 0, writeAheadLog: 0 };

  async function decide(environmentId: string, ...events: readonly DomainEvent[]): Promise<void> {
    const before = revisions.get(environmentId);
    decisions.push(...events);
    const startedAtMs = performance.now();
    const { revision } = await log.append(`environment-${environmentId}`, log.prepare(events, context), { expectedRevision: before ?? 'no-stream' });
    latenciesMs.push(performance.now() - startedAtMs);
    revisions.set(environmentId, revision);
  }

  const at = (): string => new Date(clock.now()).toISOString();
  async function enter(index: number): Promise<void> {
    const environmentId = idOf(index);
    await decide(
      environmentId,
      { type: 'EnvironmentCreated', data: { at: at(), environmentId, name: environmentId, address: 'cp.example:9443', tunnelAddress: 'cp.example:8000', tags: [], pollIntervalSeconds: null, issuedEdgeId: 'e', requireIssuedEdgeId: false, joinTokenVersion: 1 } },
      { type: 'AgentAssociated', data: { at: at(), environmentId, edgeId: 'e', issued: true, node: 'press', address: '192.0.2.7' } },
      { type: 'AgentSeen', data: { at: at(), environmentId, instanceId: instanceOf(index), address: '192.0.2.7', report } },
    );
  }
  await Promise.all(Array.from({ length: agents }, (_none, index) => enter(index)));
  latenciesMs.length = 0;

  function look(): void {
    const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    peak = { file: Math.max(peak.file, sizeOf(file)), writeAheadLog: Math.max(peak.writeAheadLog, sizeOf(`${file}-wal`)) };
  }

  return {
    async round() {
      rounds++;
      for (let index = 0; index < agents; index++) recorder.record({ environmentId: idOf(index), node: 'press', instanceId: instanceOf(index), sequence: rounds, context });
      await clock.advance(5000);
      const environmentId = idOf(rounds % agents);
      const lostAt = at();
      await decide(environmentId, { type: 'HeartbeatLost', data: { at: lostAt, environmentId, lastPolledAt: lostAt } });
      await decide(
        environmentId,
        { type: 'AgentSeen', data: { at: at(), environmentId, instanceId: instanceOf(rounds % agents), address: '192.0.2.7', report: { ...report, version: `0.1.${String(rounds)}` } } },
        { type: 'HeartbeatRestored', data: { at: at(), environmentId, lostAt } },
      );
      look();
      const { pollRetentionBytes } = settings.current();
      await eventually(async () => {
        // Five seconds of this clock are but milliseconds for the store: a removal that takes seconds of neither is waited for.
        await clock.advance(100);
        return ((await store.maintenance.measure()).get('polls')?.bytes ?? 0) <= (pollRetentionBytes * 7) / 8;
      });
      await eventually(() => recorder.confirmed({ environmentId, instanceId: instanceOf(rounds % agents) }) === rounds);
      look();
    },
    decisions,
    get pollsMade() {
      return rounds * agents;
    },
    get peak() {
      return peak;
    },
    latenciesMs,
    async bytesWithoutPolls() {
      await store.maintenance.expire({ category: 'polls', keepEvents: 0 });
      const packed = join(dataDirectory, 'packed.db');
      const database = new DatabaseSync(file);
      database.prepare('VACUUM INTO ?').run(packed);
      database.close();
      return statSync(packed).size;
    },
    async end() {
      await retention.close();
      await recorder.close();
      await summaries.close();
      const all: RecordedEvent[] = [];
      for await (const page of store.readAll()) all.push(...page);
      return all;
    },
    async close() {
      await store.close();
      rmSync(dataDirectory, { recursive: true });
    },
  };
}

function idOf(index: number): string {
  return `env${String(index).padStart(7, '0')}`;
}

function instanceOf(index: number): string {
  return `22222222-2222-4222-8222-${String(index).padStart(12, '0')}`;
}
