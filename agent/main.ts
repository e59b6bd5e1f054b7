/** The agent: polls the control plane, and opens tunnels to its one Docker socket when it is required. Listens on nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { AgentHello, PollRequest, PollResponse, TunnelFailure } from '../proto/generated/homeport/poll/v1/poll.ts';
import { PROTOCOL_VERSION } from '../proto/protocol-version.ts';
import { accessByAuthorities, accessByBinding } from './connection/api-access.ts';
import { createConnectionProofs } from './connection/connection-proofs.ts';
import { createTunnelAccess } from './connection/tunnel-access.ts';
import { createEarlyPolls } from './early-polls.ts';
import { createAgentEndpoints } from './endpoints/agent-endpoints.ts';
import { createApiRoutes } from './endpoints/api-routes.ts';
import type { ApiRoute } from './endpoints/api-routes.ts';
import { endpointsFile } from './endpoints/kept-endpoints.ts';
import { createMover } from './endpoints/mover.ts';
import { watchEngine } from './engine/engine-watch.ts';
import type { LookTiming } from './engine/engine-watch.ts';
import { createHeldTunnels } from './held-tunnels.ts';
import { createNotices } from './notices.ts';
import type { AgentOptions } from './options.ts';
import { checkAdmission } from './polls/check-admission.ts';
import { createPollLedger } from './polls/poll-ledger.ts';
import { POLL_TIMING, createPollLoop } from './polls/poll-loop.ts';
import type { PollTiming } from './polls/poll-loop.ts';
import { createAgentSnapshots } from './snapshot/snapshots.ts';
import { dockerSocketTarget } from './tunnel/dial-target.ts';
import { openTunnel } from './tunnel/open-tunnel.ts';
import { releaseVersion } from '../proto/release.ts';

/** The first poll waits so long for the engine to say what it is. */
const FIRST_LOOK_MS = 2000;

/**
 * Runs an agent until the signal aborts, then closes its tunnels and calls, and resolves with the process's exit code: 0.
 * Troubles end nothing: each is logged with what to do, once, and the agent goes on trying. It never forgets who it is.
 */
export async function runAgent(
  options: AgentOptions,
  deps: { readonly signal: AbortSignal; readonly logger: Logger; readonly timing?: PollTiming; readonly lookTiming?: LookTiming },
): Promise<number> {
  // gRPC would write to the console by itself what is logged here in words.
  setLogVerbosity(logVerbosity.NONE);
  const { token, edgeId, proxyFor } = options;
  const { environmentId, joinSecret } = token;
  const { signal, logger } = deps;
  const timing = deps.timing ?? POLL_TIMING;

  const notices = createNotices(logger);
  const endpoints = createAgentEndpoints({ token, file: endpointsFile(options.dataPath, token), logger, notices });
  const proofs = createConnectionProofs(endpoints.fingerprints);
  const routes = createApiRoutes({
    endpoints,
    connect: (target) =>
      options.isInsecurePoll ? accessByBinding(target, proxyFor(target), endpoints.fingerprints, proofs) : accessByAuthorities(target, proxyFor(target), options.caPem),
    longMs: timing.everywhereAfterMs,
  });
  const ledger = createPollLedger();
  const earlyPolls = createEarlyPolls(() => polls.pollNow());
  let isReportNews = false;
  /** What the hello says is other than before: it goes out now. */
  function sayNews(): void {
    isReportNews = true;
    polls.pollNow();
  }
  const engine = watchEngine({
    socketPath: options.dockerSocket,
    notices,
    ...(deps.lookTiming === undefined ? {} : { everyMs: deps.lookTiming }),
    changed: sayNews,
  });
  const hello = (): AgentHello => ({
    environmentId,
    joinSecret,
    edgeId,
    instanceId: ledger.instanceId,
    protocolVersion: PROTOCOL_VERSION,
    version: releaseVersion(),
    ...engine.report(),
    endpoints: endpoints.inUse(),
  });
  const snapshots = createAgentSnapshots({
    socketPath: options.dockerSocket,
    client: () => polls.client(),
    hello,
    logger: logger.child({ component: 'snapshot' }),
  });
  const tunnels = createHeldTunnels({
    keyParts: { joinSecret, edgeId },
    environmentId,
    instanceId: ledger.instanceId,
    endpoints,
    endpointsNews: sayNews,
    access: createTunnelAccess(endpoints.fingerprints, proxyFor),
    openTunnel,
    dialTarget: dockerSocketTarget(options.dockerSocket),
    inactivityMs: options.inactivityMs,
    beforeIdleClose: snapshots.take,
    news: earlyPolls.ask,
    logger: logger.child({ component: 'tunnel' }),
    notices,
  });

  /** The failure in a request that is not answered yet. */
  let failureUnderWay: TunnelFailure | undefined;
  let isFirstAnswer = true;

  const request = (isFirst: boolean): PollRequest => {
    const isHello = isFirst || isReportNews;
    isReportNews = false;
    if (isFirst) endpoints.callBegins();
    const tunnelFailure = tunnels.takeFailure();
    failureUnderWay = tunnelFailure ?? failureUnderWay;
    return {
      hello: isHello ? hello() : undefined,
      sequence: ledger.next(),
      confirmedSequence: ledger.confirmed,
      heldCredentialsIds: tunnels.heldCredentialsIds(),
      tunnelFailure,
    };
  };

  const mover = createMover({
    newest: routes.newest,
    check: (client, checking) => checkAdmission(client, hello(), checking),
    moved(route, client) {
      // What was proven by a key that was dropped meanwhile is tried anew.
      if (proofs.holds(client)) polls.moveTo(route, client);
      else client.close();
    },
    failed(failure) {
      if (endpoints.apiFailed(failure)) sayNews();
    },
    worked() {
      if (endpoints.apiFailed(undefined)) sayNews();
    },
    bounds: timing.move,
    logger,
    notices,
  });

  /** A key whose fingerprint is accepted no more may have been stolen: what was trusted by it ends, and is made anew by those that are. */
  function dropUnpinned(): void {
    tunnels.fingerprintsChanged();
    const client = polls.client();
    if (client === undefined || proofs.holds(client)) return;
    logger.info('the connection to the control plane was proven by a key that is accepted no more; it is made anew');
    polls.reconnect();
  }

  const answered = (response: PollResponse, route: ApiRoute): void => {
    if (isFirstAnswer) logger.info({ address: route.address, environmentId, intervalMs: response.pollIntervalMs }, 'polling the control plane');
    isFirstAnswer = false;
    failureUnderWay = undefined;
    ledger.confirm(response.confirmedSequence);
    // Before the tunnels: their port may show a certificate that is named only here. The next request says what was taken.
    if (response.endpoints !== undefined && endpoints.accept(response.endpoints)) {
      isReportNews = true;
      mover.renewed();
      dropUnpinned();
    }
    mover.polledOn(route);
    tunnels.accept(response.required);
    snapshots.answered(response);
  };

  const polls = createPollLoop({
    routes,
    request,
    answered,
    interrupted: () => {
      if (failureUnderWay !== undefined) tunnels.putBack(failureUnderWay);
      failureUnderWay = undefined;
    },
    notices,
    timing,
  });

  logger.info({ version: releaseVersion(), address: routes.next().address, environmentId }, 'agent started');
  await Promise.race([engine.firstLook, delay(FIRST_LOOK_MS, undefined, { signal }).catch(() => undefined)]);
  await polls.run(signal);
  mover.stop();
  earlyPolls.stop();
  engine.stop();
  snapshots.stop();
  await tunnels.close();
  logger.info('agent stopped');
  return 0;
}
