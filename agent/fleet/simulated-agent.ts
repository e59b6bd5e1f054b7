/** An agent of a fleet: the agent's own protocol over a connection of its own, before an engine that is simulated. */
import type { Logger } from 'pino';
import type { AgentHello, PollRequest, PollResponse, TunnelFailure } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { formatHostPort, parseHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { apiAddress } from '../../proto/join-token.ts';
import type { JoinToken } from '../../proto/join-token.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { releaseVersion } from '../../proto/release.ts';
import { SNAPSHOT_CALL_MS } from '../../proto/snapshot-limits.ts';
import type { ApiAccess } from '../connection/api-access.ts';
import type { TunnelAccess } from '../connection/tunnel-access.ts';
import { createEarlyPolls } from '../early-polls.ts';
import { reportFrom } from '../engine/engine-report.ts';
import { createHeldTunnels } from '../held-tunnels.ts';
import type { HeldTunnels } from '../held-tunnels.ts';
import type { Notices } from '../notices.ts';
import { createPollLedger } from '../polls/poll-ledger.ts';
import { createPollLoop } from '../polls/poll-loop.ts';
import type { PollTiming } from '../polls/poll-loop.ts';
import { bringSnapshot } from '../snapshot/bring-snapshot.ts';
import { objectOf } from '../snapshot/engine-json.ts';
import { openTunnel } from '../tunnel/open-tunnel.ts';
import type { FleetTally } from './fleet-tally.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import { takeSimulatedSnapshot } from './simulated-snapshot.ts';

/** Who a simulated agent is. */
export interface SimulatedIdentity {
  /** Of its node. */
  readonly name: string;
  readonly token: JoinToken;
  readonly edgeId: string;
  /** Whether it brings the snapshots it is asked for. */
  readonly bringsSnapshots: boolean;
}

/** What the agents of one process share. */
export interface FleetParts {
  readonly access: (token: JoinToken) => ApiAccess;
  readonly tunnelAccess: (token: JoinToken) => TunnelAccess;
  readonly engine: SimulatedEngine;
  readonly timing: PollTiming;
  readonly tally: FleetTally;
  readonly logger: Logger;
}

/** Runs it until the signal aborts. The signal should be its own: thousands of listeners on one are slow to take away. */
export async function runSimulatedAgent(identity: SimulatedIdentity, parts: FleetParts, signal: AbortSignal): Promise<void> {
  const { name, token, edgeId } = identity;
  const { engine, tally, logger } = parts;
  const { environmentId, joinSecret } = token;
  const ledger = createPollLedger();
  const earlyPolls = createEarlyPolls(() => polls.pollNow());
  const notices: Notices = { trouble: (topic, code) => (topic === 'connection' ? tally.trouble(code) : undefined), fine: () => undefined };
  const address = formatHostPort(apiAddress(token));
  const route = { apiUrl: token.apiUrl, address, access: parts.access(token) };
  let isConnected = false;
  let polledAtMs: number | undefined;
  let failureUnderWay: TunnelFailure | undefined;
  let bringing: Promise<void> | undefined;
  /** Most agents of a fleet are never required. */
  let tunnels: HeldTunnels | undefined;

  const hello = (): AgentHello => ({
    environmentId,
    joinSecret,
    edgeId,
    instanceId: ledger.instanceId,
    protocolVersion: PROTOCOL_VERSION,
    version: releaseVersion(),
    ...reportFrom(objectOf(engine.answer(name, '/version')), objectOf(engine.answer(name, '/info'))),
    endpoints: undefined,
  });

  const heldTunnels = (): HeldTunnels =>
    (tunnels ??= createHeldTunnels({
      keyParts: { joinSecret, edgeId },
      environmentId,
      instanceId: ledger.instanceId,
      endpoints: {
        tunnelAddresses: (asked: HostPort | undefined) => [asked ?? parseHostPort(token.tunnelAddress)].filter((target) => target !== undefined),
        tunnelWorked: () => tally.tunnelOpened(),
        tunnelFailed: () => false,
      },
      endpointsNews: () => undefined,
      access: parts.tunnelAccess(token),
      openTunnel,
      dialTarget: engine.dialTarget(name),
      inactivityMs: undefined,
      beforeIdleClose: bring,
      news: earlyPolls.ask,
      logger,
      notices,
    }));

  function bring(): Promise<void> {
    const client = polls.client();
    if (!identity.bringsSnapshots || client === undefined) return Promise.resolve();
    const within = AbortSignal.any([signal, AbortSignal.timeout(SNAPSHOT_CALL_MS)]);
    bringing ??= bringSnapshot(client, hello(), takeSimulatedSnapshot(engine, name), within)
      .then(() => tally.snapshotBrought())
      // It is asked for again.
      .catch(() => undefined)
      .finally(() => {
        bringing = undefined;
      });
    return bringing;
  }

  const request = (isFirst: boolean): PollRequest => {
    const tunnelFailure = tunnels?.takeFailure();
    failureUnderWay = tunnelFailure ?? failureUnderWay;
    tally.polled();
    polledAtMs ??= performance.now();
    return {
      hello: isFirst ? hello() : undefined,
      sequence: ledger.next(),
      confirmedSequence: ledger.confirmed,
      heldCredentialsIds: tunnels?.heldCredentialsIds() ?? [],
      tunnelFailure,
    };
  };

  const answered = (response: PollResponse): void => {
    if (!isConnected) tally.connected();
    isConnected = true;
    tally.answered(polledAtMs === undefined ? undefined : performance.now() - polledAtMs);
    polledAtMs = undefined;
    failureUnderWay = undefined;
    ledger.confirm(response.confirmedSequence);
    if (response.required.length > 0) heldTunnels().accept(response.required);
    if (response.takeSnapshot) void bring();
  };

  const interrupted = (): void => {
    if (isConnected) tally.disconnected();
    isConnected = false;
    polledAtMs = undefined;
    if (failureUnderWay !== undefined) tunnels?.putBack(failureUnderWay);
    failureUnderWay = undefined;
  };

  const polls = createPollLoop({
    routes: { next: () => route, newest: () => route, failed: () => undefined, worked: () => undefined },
    request,
    answered,
    interrupted,
    notices,
    timing: parts.timing,
  });

  await polls.run(signal);
  earlyPolls.stop();
  await tunnels?.close();
}
