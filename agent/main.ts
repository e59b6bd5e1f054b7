/** The agent: polls the control plane, and opens tunnels to its one Docker socket when it is required. Listens on nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { parseFingerprint } from '../proto/fingerprint.ts';
import type { AgentHello, PollRequest, PollResponse, TunnelFailure } from '../proto/generated/homeport/poll/v1/poll.ts';
import { formatHostPort, parseHostPort } from '../proto/host-port.ts';
import { apiAddress } from '../proto/join-token.ts';
import { PROTOCOL_VERSION } from '../proto/protocol-version.ts';
import { AgentOptionsError } from './agent-error.ts';
import { accessByAuthorities, accessByBinding } from './connection/api-access.ts';
import { createTunnelAccess } from './connection/tunnel-access.ts';
import { createEarlyPolls } from './early-polls.ts';
import { watchEngine } from './engine/engine-watch.ts';
import type { LookTiming } from './engine/engine-watch.ts';
import { createHeldTunnels } from './held-tunnels.ts';
import { createNotices } from './notices.ts';
import type { AgentOptions } from './options.ts';
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
  const fingerprint = parseFingerprint(token.tunnelFingerprint);
  const tunnelAddress = parseHostPort(token.tunnelAddress);
  if (fingerprint === undefined || tunnelAddress === undefined) throw new AgentOptionsError('malformed-token', 'the join token (EDGE_KEY) is broken');
  const api = apiAddress(token);
  const address = formatHostPort(api);
  const proxy = proxyFor(api);

  const notices = createNotices(logger);
  const ledger = createPollLedger();
  const earlyPolls = createEarlyPolls(() => polls.pollNow());
  let isReportNews = false;
  const engine = watchEngine({
    socketPath: options.dockerSocket,
    notices,
    ...(deps.lookTiming === undefined ? {} : { everyMs: deps.lookTiming }),
    changed: () => {
      isReportNews = true;
      polls.pollNow();
    },
  });
  const hello = (): AgentHello => ({
    environmentId,
    joinSecret,
    edgeId,
    instanceId: ledger.instanceId,
    protocolVersion: PROTOCOL_VERSION,
    version: releaseVersion(),
    ...engine.report(),
    endpoints: undefined,
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
    tunnelAddress,
    access: createTunnelAccess(fingerprint, proxyFor),
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

  const answered = (response: PollResponse): void => {
    if (isFirstAnswer) logger.info({ address, environmentId, intervalMs: response.pollIntervalMs }, 'polling the control plane');
    isFirstAnswer = false;
    failureUnderWay = undefined;
    ledger.confirm(response.confirmedSequence);
    tunnels.accept(response.required);
    snapshots.answered(response);
  };

  const polls = createPollLoop({
    access: options.isInsecurePoll ? accessByBinding(api, proxy, fingerprint) : accessByAuthorities(api, proxy, options.caPem),
    address,
    request,
    answered,
    interrupted: () => {
      if (failureUnderWay !== undefined) tunnels.putBack(failureUnderWay);
      failureUnderWay = undefined;
    },
    notices,
    timing: deps.timing ?? POLL_TIMING,
  });

  logger.info({ version: releaseVersion(), address, tunnelAddress: token.tunnelAddress, environmentId }, 'agent started');
  await Promise.race([engine.firstLook, delay(FIRST_LOOK_MS, undefined, { signal }).catch(() => undefined)]);
  await polls.run(signal);
  earlyPolls.stop();
  engine.stop();
  snapshots.stop();
  await tunnels.close();
  logger.info('agent stopped');
  return 0;
}
