/** Polls recorded at a steady pace, by the piece that records them in a control plane: what that costs the process that appends. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../services/application/clock.ts';
import { createEventLog } from '../../services/application/event-log.ts';
import { createPollRecorder } from '../../services/application/poll-recorder.ts';
import { createPollSummaries } from '../../services/application/poll-summaries.ts';
import { createSingleWriterStream } from '../../services/application/single-writer-stream.ts';
import { createTallies } from '../../services/application/tallies.ts';
import type { EventStore } from '../../services/event-store/port.ts';
import { cpuSeconds } from './process-cpu.ts';

export interface PacedPolls {
  readonly perSecond: number;
  /** Cores that this process took, all its threads. */
  readonly cores: number;
  /** Cores of the process that is the store; NaN where there is none of ours. */
  readonly storeCores: number;
}

/** Agents of the fleet, each of which polls every 5 s at 3,000 polls a second. */
const agents = 15_000;
const tickMs = 10;

/** Records `perSecond` polls a second for so long, all of which must be durable in the end. `storePid` is the store's process. */
export async function measurePolls(store: EventStore, { perSecond, seconds, storePid }: { readonly perSecond: number; readonly seconds: number; readonly storePid: number | undefined }): Promise<PacedPolls> {
  const controlPlaneNode = `bench${randomUUID().slice(0, 8)}`;
  const logger = pino({ level: 'warn' });
  const log = createEventLog({ store, clock: systemClock });
  const retention = createSingleWriterStream({ log, stream: `retention-${controlPlaneNode}` });
  const summaries = createPollSummaries({ log, clock: systemClock, logger, reader: store, controlPlaneNode, retention, actor: `system:${controlPlaneNode}` });
  const recorder = createPollRecorder({ log, clock: systemClock, logger, controlPlaneNode, retention, summaries, tallies: createTallies() });
  const context = { actor: 'agent:bench', correlationId: randomUUID() };
  let polls = 0;
  const poll = (): void => {
    const agent = polls % agents;
    recorder.record({ environmentId: `env${agent}`, node: 'host', instanceId: `i${agent}`, sequence: Math.floor(polls / agents) + 1, context });
    polls += 1;
  };
  async function run(forSeconds: number): Promise<void> {
    const startedAtMs = performance.now();
    const before = polls;
    for (let atMs = 0; atMs < forSeconds * 1000; atMs = performance.now() - startedAtMs) {
      while (polls - before < (atMs / 1000) * perSecond) poll();
      await delay(tickMs);
    }
  }

  await run(3);
  const before = { polls, cpu: process.cpuUsage(), store: storePid === undefined ? Number.NaN : cpuSeconds([storePid]), atMs: performance.now() };
  await run(seconds);
  const cpu = process.cpuUsage(before.cpu);
  const elapsed = (performance.now() - before.atMs) / 1000;
  const storeSeconds = storePid === undefined ? Number.NaN : cpuSeconds([storePid]) - before.store;
  const measured = { perSecond: (polls - before.polls) / elapsed, cores: (cpu.user + cpu.system) / 1e6 / elapsed, storeCores: storeSeconds / elapsed };
  await recorder.close();
  let recorded = 0;
  for await (const page of store.readAll({ filter: { streamPrefixes: [`polls-${controlPlaneNode}_`] } })) recorded += page.length;
  if (recorded !== polls) throw new Error(`of ${polls} polls ${recorded} are recorded`);
  return measured;
}
