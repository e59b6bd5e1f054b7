/** Puts the use cases together over one event store. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { accountDecider } from '../domain/account.ts';
import { environmentDecider } from '../domain/environment.ts';
import type { PastRecord } from '../domain/past-record.ts';
import { Refusal } from '../domain/refusal.ts';
import { tunnelDecider } from '../domain/tunnel.ts';
import type { LogMaintenance } from '../event-store/log-maintenance.ts';
import type { EventStore } from '../event-store/port.ts';
import { type AccountUseCases, createAccounts } from './accounts.ts';
import { activityStreamOf, createActivity, type RecordedActivity } from './activity.ts';
import { createAggregates } from './aggregates.ts';
import { type ChainSigning, createCheckpoints, type RecordedCheckpoints } from './checkpoints.ts';
import { type Clock, instantOf } from './clock.ts';
import { createEnvironmentStreams } from './environment-streams.ts';
import { createEnvironments, type EnvironmentUseCases } from './environments.ts';
import { createEventLog } from './event-log.ts';
import { createHistory } from './history.ts';
import type { PasswordCost } from './passwords.ts';
import { createPolls, type Polls } from './poll-admission.ts';
import { createPollRecorder } from './poll-recorder.ts';
import { createPollSummaries } from './poll-summaries.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { History } from './ports/history.ts';
import type { TunnelKeys } from './ports/tunnel-certificate.ts';
import type { TunnelControl } from './ports/tunnel-gate.ts';
import { createPresence } from './presence.ts';
import { createRefusals } from './refusals.ts';
import { createRetention } from './retention.ts';
import type { InstallationSecrets } from './sealing.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';
import { createSettings, type StoredSettings } from './settings.ts';
import { createSingleWriterStream } from './single-writer-stream.ts';
import { createTunnelCertificate, type RecordedTunnelCertificate } from './tunnel-certificate.ts';
import { type ApplicationTallies, createTallies } from './tallies.ts';
import { createTunnels, type Tunnels } from './tunnels.ts';

export interface Application {
  readonly environments: EnvironmentUseCases;
  readonly tunnels: Tunnels;
  readonly polls: Polls;
  readonly snapshots: Snapshots;
  readonly accounts: AccountUseCases;
  readonly settings: StoredSettings;
  readonly tunnelCertificate: RecordedTunnelCertificate;
  readonly activity: RecordedActivity;
  readonly history: History;
  readonly checkpoints: RecordedCheckpoints;
  readonly tallies: ApplicationTallies;
  /** Agents whose poll call is open. */
  agentsConnected(): number;
  /** Polls taken and not recorded yet. */
  pollsBuffered(): number;
  /** Who acts when nobody else does. */
  readonly systemContext: () => CommandContext;
  /** Accounts, settings and the tunnel certificate, before anyone is let in. */
  startAccounts(): Promise<{ readonly isEmpty: boolean }>;
  /** Takes up where an earlier process stopped. The read models must be caught up. */
  resume(past: PastRecord): Promise<void>;
  /** Records what is buffered and what ends with this process. The edges must be closed already. */
  close(): Promise<void>;
}

/** Creates the application of one control-plane process. */
export function createApplication(deps: {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
  readonly secrets: InstallationSecrets;
  readonly tunnelControl: () => TunnelControl;
  readonly tunnelKeys: TunnelKeys;
  readonly joinSecret: (environmentId: string, version: number) => Uint8Array;
  readonly mintJoinToken: Parameters<typeof createEnvironments>[0]['mintJoinToken'];
  readonly defaultTunnelAddress: (host: string) => string;
  readonly onAddress: (host: string) => Promise<void>;
  /** Undefined where the store removes what has expired by itself. */
  readonly maintenance: LogMaintenance | undefined;
  /** Absent where the store has no chain to sign. */
  readonly signing?: ChainSigning | undefined;
  /** A tunnel is open, so many milliseconds after it was required or lost; for whoever measures. */
  readonly onTunnelOpened?: (afterMs: number) => void;
  /** What every installation uses where absent; specs that sign in a lot take less. */
  readonly passwordCost?: PasswordCost | undefined;
}): Application {
  const { store, clock, logger, controlPlaneNode, secrets, tunnelControl: control, joinSecret } = deps;
  const actor = `system:${controlPlaneNode}`;
  const systemContext = (): CommandContext => ({ actor, correlationId: randomUUID() });
  const tallies = createTallies();
  const log = createEventLog({ store, clock });
  const own = (category: string) => createSingleWriterStream({ log, stream: `${category}-${controlPlaneNode}` });
  const settings = createSettings({ reader: store, log, clock });
  const checkpoints = createCheckpoints({ signing: deps.signing, reader: store, log, clock, logger, settings, controlPlaneNode, systemContext });
  const tunnelCertificate = createTunnelCertificate({
    reader: store,
    log,
    clock,
    logger,
    keys: deps.tunnelKeys,
    systemContext,
    onChanged() {
      polls.announceEndpoints();
    },
  });
  const refusals = createRefusals({ log, clock, logger, stream: own('refusals'), actor });
  const retentionStream = own('retention');
  const summaries = createPollSummaries({ log, clock, logger, reader: store, controlPlaneNode, retention: retentionStream, actor });
  const recorder = createPollRecorder({ log, clock, logger, controlPlaneNode, retention: retentionStream, summaries, tallies });
  const activityStream = createSingleWriterStream({ log, stream: activityStreamOf(controlPlaneNode) });
  const activity = createActivity({ log, clock, logger, settings, stream: activityStream, actor, tallies });
  const streams = createEnvironmentStreams(createAggregates({ decider: environmentDecider, log, reader: store }));
  const accounts = createAccounts({
    aggregates: createAggregates({ decider: accountDecider, log, reader: store }),
    environments: streams,
    settings,
    reader: store,
    log,
    secrets,
    clock,
    actor,
    passwordCost: deps.passwordCost,
  });

  const heartbeat = (environmentId: string, command: { type: 'lose-heartbeat'; lastPolledAt: string | null } | { type: 'restore-heartbeat' }) =>
    streams.execute(environmentId, { ...command, at: instantOf(clock) }, systemContext()).catch((error: unknown) => {
      // An environment that is gone has no heartbeat to lose.
      if (error instanceof Refusal) return;
      logger.warn({ err: error }, 'a heartbeat could not be recorded yet');
      throw error;
    });
  const presence = createPresence({
    clock,
    async onLost(environmentId, lastPolledAtMs) {
      await heartbeat(environmentId, { type: 'lose-heartbeat', lastPolledAt: lastPolledAtMs === undefined ? null : new Date(lastPolledAtMs).toISOString() });
      tallies.heartbeatsLost += 1;
    },
    onRestored: (environmentId) => heartbeat(environmentId, { type: 'restore-heartbeat' }),
  });

  const tunnels: Tunnels = createTunnels({
    aggregates: createAggregates({ decider: tunnelDecider, log, reader: store }),
    environments: streams,
    presence,
    settings,
    refusals,
    clock,
    logger,
    controlPlaneNode,
    epoch: randomUUID(),
    control,
    tell(agent, context) {
      polls.tell(agent, context);
    },
    beforeClosed: (tunnel, decidedAtMs) => snapshots.beforeClosed(tunnel, decidedAtMs),
    tallies,
    onOpened: deps.onTunnelOpened ?? (() => undefined),
  });
  const polls: Polls = createPolls({ environments: streams, tunnels: () => tunnels, snapshots: () => snapshots, presence, recorder, refusals, settings, clock, logger, tunnelCertificate, actor, joinSecret, tallies });
  const snapshots: Snapshots = createSnapshots({
    log,
    reader: store,
    clock,
    logger,
    settings,
    environments: streams,
    actor,
    verify: (introduction) => polls.verify(introduction),
    remind: (environmentId) => polls.remind(environmentId),
    isDue: (environmentId) => presence.isDueWithin(environmentId, 86_400_000),
  });
  const retention = createRetention({
    maintenance: deps.maintenance,
    reader: store,
    log,
    clock,
    logger,
    settings,
    summaries,
    stream: retentionStream,
    actor,
    onSnapshotsExpired: snapshots.expired,
  });
  const environments = createEnvironments({
    streams,
    clock,
    defaultTunnelAddress: deps.defaultTunnelAddress,
    mintJoinToken: deps.mintJoinToken,
    onAddress: deps.onAddress,
    onIntervalChanged(environmentId) {
      polls.remind(environmentId);
    },
    onAddressChanged(environmentId) {
      polls.announceEndpoints(environmentId);
    },
    async onRemoved(environmentId, context) {
      await tunnels.end(environmentId, 'environment-removed', context);
      polls.end(environmentId, 'environment-removed');
      snapshots.forget(environmentId);
    },
    async onUnjoined(environmentId, why, context) {
      // First the polls, so that nobody is left to be given new credentials.
      polls.end(environmentId, why === 'token-rotated' ? why : 'edge-id-barred');
      // Whoever comes next is asked anew.
      snapshots.forget(environmentId);
      await tunnels.end(environmentId, why, context);
    },
  });
  settings.onChanged((before) => {
    if (before.pollIntervalSeconds !== settings.current().pollIntervalSeconds) polls.remind();
  });

  return {
    environments,
    tunnels,
    polls,
    snapshots,
    accounts,
    settings,
    tunnelCertificate,
    activity,
    history: createHistory({ reader: store }),
    checkpoints,
    tallies,
    agentsConnected: () => presence.connected(),
    pollsBuffered: () => recorder.buffered(),
    systemContext,

    async startAccounts() {
      await settings.start();
      await tunnelCertificate.start();
      return accounts.start();
    },

    async resume(past) {
      for await (const page of past.environmentNames()) {
        for (const { environmentId, name } of page) environments.know(environmentId, name);
      }
      let agentsUp = 0;
      for await (const page of past.agents()) {
        for (const agent of page) {
          if (agent.heartbeat === 'up') agentsUp++;
          recorder.know(agent);
          const lastPolledAtMs = agent.lastPolledAt === null ? undefined : Date.parse(agent.lastPolledAt);
          const intervalMs = (agent.pollIntervalSeconds ?? settings.current().pollIntervalSeconds) * 1000;
          presence.know(agent.environmentId, { heartbeat: agent.heartbeat, lastPolledAtMs, intervalMs });
        }
      }
      presence.expectAll(agentsUp);
      for await (const page of past.snapshots()) for (const snapshot of page) snapshots.know(snapshot);
      summaries.recover();
      await checkpoints.start();
      if (await past.hasCallsUnderWay(activityStreamOf(controlPlaneNode))) await activity.interrupted();
      for await (const page of past.unclosedTunnels()) {
        for (const key of page) await tunnels.resume(key);
      }
    },

    async close() {
      presence.close();
      tunnelCertificate.close();
      polls.close();
      await retention.close();
      await snapshots.close();
      await tunnels.close();
      await activity.close();
      await recorder.close();
      await summaries.close();
      await refusals.close();
      await accounts.close();
      // Last of all: it covers what the others recorded.
      await checkpoints.close();
    },
  };
}
