/** An application over a real embedded store, with a manual clock and live tunnels that are only remembered. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { type Application, createApplication } from '../../services/application/application.ts';
import type { Principal } from '../../services/application/ports/accounts.ts';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { AgentRefused, PollAnswer, PollConversation, PollIntroduction } from '../../services/application/ports/poll-admission.ts';
import type { Clock } from '../../services/application/clock.ts';
import type { PasswordCost } from '../../services/application/passwords.ts';
import { createInstallationSecrets } from '../../services/application/sealing.ts';
import { createTunnelIdentities } from '../../services/control-plane/tls/tunnel-identities.ts';
import type { PastRecord } from '../../services/domain/past-record.ts';
import { tunnelStream } from '../../services/domain/tunnel-key.ts';
import { type EmbeddedEventStore, openEventStore } from '../../services/event-store/open.ts';
import { EventStoreError, type RecordedEvent } from '../../services/event-store/port.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';

export const admin: CommandContext = { actor: 'user:admin', correlationId: '00000000-0000-4000-8000-000000000001' };
/** The machine's own operator. */
export const local: Principal = { userId: 'local', username: 'local', role: 'admin', reach: 'everything', actor: 'user:local', session: null, apiKeyId: null };
export const joinSecretOf = (environmentId: string, version: number): Uint8Array => Buffer.alloc(32, `${environmentId}${String(version)}`);

export interface Harness {
  readonly app: Application;
  readonly clock: ManualClock;
  readonly store: EmbeddedEventStore;
  /** Keys of tunnels that the edge says are open; a spec may add to it. */
  readonly live: Set<string>;
  readonly drained: string[];
  /** Tunnels whose agents were asked for a sign of life; it is for the spec to lose them. */
  readonly proven: string[];
  /** While `isOn` the store refuses every append, as one whose disk is full; `afterAppend` comes between an append and its answer. */
  readonly outage: { isOn: boolean; afterAppend?: (() => Promise<void>) | undefined };
  readonly dataDirectory: string;
  /** Every event so far, oldest first. */
  events(): Promise<RecordedEvent[]>;
  types(): Promise<string[]>;
  createEnvironment(name: string): Promise<string>;
  /** An agent of the environment that keeps its call open; `answers` are those that came by themselves. */
  agent(environmentId: string, over?: Partial<PollIntroduction>): Promise<TestAgent>;
  /** Ends the processes so far as a kill does: nothing of theirs happens any more. */
  kill(): void;
  /** Another process on the same store, as after a restart. */
  restart(past?: Partial<PastRecord>): Promise<Application>;
  close(): Promise<void>;
}

export interface TestAgent {
  readonly conversation: PollConversation;
  readonly answers: PollAnswer[];
  readonly refusals: AgentRefused[];
  poll(over?: { sequence?: number; held?: readonly string[]; failure?: { credentialsId: string; reason: string; detail: string } }): Promise<PollAnswer>;
}

const nothing: PastRecord = {
  async *environmentNames() {},
  async *agents() {},
  async *snapshots() {},
  async *unclosedTunnels() {},
  hasCallsUnderWay: () => Promise.resolve(false),
};

/** A password that takes no time to hash. */
const cheap: PasswordCost = { N: 16, r: 8, p: 1 };

/** Under which the harness's applications seal. */
export const installationKey = Buffer.alloc(32, 7);

/**
 * Opens a store in a folder of its own and starts an application on it. Without a cost, passwords cost what they do in production. Where the
 * store `removesByItself`, the application removes nothing.
 */
export async function startHarness({
  passwordCost,
  removesByItself = false,
}: { readonly passwordCost?: PasswordCost | undefined; readonly removesByItself?: boolean } = { passwordCost: cheap }): Promise<Harness> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'homeport-application-'));
  const opened = await openEventStore({ dataDirectory });
  const outage: Harness['outage'] = { isOn: false };
  const store: typeof opened = {
    ...opened,
    async append(stream, events, options) {
      if (outage.isOn) throw new EventStoreError('event-store-unavailable', 'the disk is full');
      const appended = await opened.append(stream, events, options);
      await outage.afterAppend?.();
      return appended;
    },
  };
  const clock = createManualClock();
  const live = new Set<string>();
  const drained: string[] = [];
  const proven: string[] = [];
  let applications: Application[] = [];
  let living = { isAlive: true };

  /** The clock of one process. */
  function clockOf(process: { readonly isAlive: boolean }): Clock {
    const whileAlive = (callback: () => void) => () => {
      if (process.isAlive) callback();
    };
    return {
      now: () => clock.now(),
      after: (delayMs, callback) => clock.after(delayMs, whileAlive(callback)),
      every: (intervalMs, callback) => clock.every(intervalMs, whileAlive(callback)),
    };
  }

  function start(): Application {
    const app = createApplication({
      store,
      clock: clockOf(living),
      logger: pino({ enabled: false }),
      controlPlaneNode: 'cp1',
      secrets: createInstallationSecrets(installationKey),
      tunnelControl: () => ({
        isOpen: (key) => live.has(tunnelStream(key)),
        touch: (key) => live.has(tunnelStream(key)),
        lastUsedAtMs: () => undefined,
        prove(key) {
          proven.push(tunnelStream(key));
          return Promise.resolve();
        },
        async drain(key, reason) {
          live.delete(tunnelStream(key));
          drained.push(`${tunnelStream(key)} ${reason}`);
          return Promise.resolve();
        },
      }),
      tunnelKeys: createTunnelIdentities(dataDirectory),
      joinSecret: joinSecretOf,
      mintJoinToken: ({ environmentId }) => `token of ${environmentId}`,
      defaultTunnelAddress: (host) => `${host}:8000`,
      onAddress: () => Promise.resolve(),
      maintenance: removesByItself ? undefined : store.maintenance,
      passwordCost,
    });
    applications.push(app);
    return app;
  }

  const app = start();
  await app.startAccounts();

  async function events(): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const page of store.readAll()) all.push(...page);
    return all;
  }

  let agents = 0;

  return {
    app,
    clock,
    store,
    live,
    drained,
    proven,
    outage,
    dataDirectory,
    events,
    types: async () => (await events()).map(({ type }) => type),
    async createEnvironment(name) {
      const { environmentId } = await app.environments.create({ name, address: 'cp.example:9443' }, admin);
      return environmentId;
    },
    async agent(environmentId, over = {}) {
      agents++;
      const answers: PollAnswer[] = [];
      const refusals: AgentRefused[] = [];
      const report = { node: `node${String(agents)}`, version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: null };
      const introduction: PollIntroduction = {
        environmentId,
        joinSecret: joinSecretOf(environmentId, 1),
        edgeId: '11111111-1111-4111-8111-111111111111',
        instanceId: `instance${String(agents)}`,
        report,
        address: '192.0.2.7',
        ...over,
      };
      const conversation = await app.polls.admit(introduction, { push: (answer) => answers.push(answer), end: (refusal) => refusals.push(refusal) });
      let sequence = 0;
      let confirmedSequence = 0;
      return {
        conversation,
        answers,
        refusals,
        async poll({ sequence: given, held = [], failure } = {}) {
          sequence = given ?? sequence + 1;
          const answer = await conversation.poll({ sequence, confirmedSequence, heldCredentialsIds: held, tunnelFailure: failure ?? null, report: null });
          ({ confirmedSequence } = answer);
          return answer;
        },
      };
    },
    kill() {
      living.isAlive = false;
      living = { isAlive: true };
      applications = [];
    },
    async restart(past = {}) {
      const next = start();
      await next.startAccounts();
      await next.resume({ ...nothing, ...past });
      return next;
    },
    async close() {
      for (const one of applications) await one.close();
      await store.close();
      await rm(dataDirectory, { recursive: true });
    },
  };
}

/** What an agent on a node of a Swarm reports. */
export function swarmReport(nodeId: string, manager: boolean, node = `host-${nodeId}`): PollIntroduction['report'] {
  return { node, version: '0.1.0', protocolVersion: 1, platform: 'linux/amd64', engine: null, swarm: { clusterId: 'c1', nodeId, manager } };
}

/** How often `eventually` looks. */
const LOOK_EVERY_MS = 2;

/** Resolves when `condition` holds; each look is after what is under way had a turn. Throws where it never does. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error('waited in vain');
    // What is waited for is done by other threads: looking without a pause would keep the processor from them.
    await delay(LOOK_EVERY_MS);
  }
}
