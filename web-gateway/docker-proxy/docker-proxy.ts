/** The Docker API of an environment, unchanged: every call is checked, recorded, and forwarded through the environment's tunnel. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Activity } from '../../services/application/ports/activity.ts';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { Connections } from '../../services/application/ports/connections.ts';
import type { SettingsAccess } from '../../services/application/ports/settings.ts';
import type { EnvironmentAccess } from '../../services/application/ports/users.ts';
import type { TunnelDialer } from '../../services/tunnels/port.ts';
import { correlationIdOf } from '../correlation.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { clientAddress } from '../http/client-address.ts';
import type { ProxyHandler } from '../http/http-server.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { problemOf } from '../problems/problem.ts';
import type { AccessLease, AccessLeases } from '../security/access-lease.ts';
import type { Authentication } from '../security/authentication.ts';
import { admit, type AdmittedCall } from './admission.ts';
import { answerWithError } from './answer-with-error.ts';
import { createCallLog } from './call-log.ts';
import { createCallRecord, type CallRecord } from './call-record.ts';
import { createChannels, type ChannelCaller } from './channels.ts';
import { ClientGone, failureCode, upgradeExchange, type ClientExchange } from './client-exchange.ts';
import { refuseDenied } from './denied-operations.ts';
import { classify } from './docker-route.ts';
import { isDockerTarget, parseDockerTarget } from './docker-target.ts';
import { exchangeWithEngine, NoAnswer, type ExchangeEnd } from './engine-exchange.ts';
import { readUpgradeBody } from './upgrade-body.ts';

export interface DockerProxyDependencies {
  readonly authentication: Authentication;
  readonly leases: AccessLeases;
  readonly environmentAccess: Pick<EnvironmentAccess, 'require'>;
  readonly connections: Pick<Connections, 'keyOf' | 'require' | 'waitUntilOpen'>;
  readonly settings: Pick<SettingsAccess, 'current'>;
  readonly activity: Activity;
  readonly dialer: TunnelDialer;
  readonly metrics: Pick<GatewayMetrics, 'dockerCallEnded'>;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
  /** Whose word on a client's address is believed; nobody's where it is absent. */
  readonly isTrustedProxy?: (address: string) => boolean;
}

export interface DockerProxy extends ProxyHandler {
  /** The server is about to stop: cuts off what would never end by itself. Other calls may finish. */
  cutEndless(): void;
  /** Cuts every call off that is still in flight. */
  close(): void;
}

/** What an engine's raw stream may speak. */
const UPGRADE_PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'h2c']);

export function createDockerProxy(dependencies: DockerProxyDependencies): DockerProxy {
  const { authentication, leases, environmentAccess, connections, settings, activity, dialer, metrics, logger, limits, isTrustedProxy = () => false } = dependencies;
  const channels = createChannels({ connections, dialer, limits });
  const log = createCallLog({ logger, metrics });
  const inFlight = new Set<AbortController>();
  /** Of these, those that end only when somebody ends them. */
  const endless = new Set<AbortController>();
  let isStopping = false;

  const shutDown = (aborter: AbortController): void => aborter.abort(new GatewayError('shutting-down', 'The server is shutting down.'));

  async function serve(client: ClientExchange): Promise<void> {
    const aborter = new AbortController();
    inFlight.add(aborter);
    client.res.once('close', () => {
      if (!client.res.writableFinished) aborter.abort(new ClientGone());
    });
    const requestId = randomUUID();
    let correlationId: string = requestId;
    const entry = log.begin(requestId, client.req);
    let record: CallRecord | undefined;
    let lease: AccessLease | undefined;
    let hold: { release(): void } | undefined;
    try {
      // Before it is our turn nothing can be answered, and what changes something keeps the client's order.
      if (client.connection.inFlight > 1) await client.turn;
      aborter.signal.throwIfAborted();
      const call = admit(client.req, authentication, { address: clientAddress(client.req, isTrustedProxy), correlationId: requestId });
      if (call.route.endless) {
        endless.add(aborter);
        if (isStopping) shutDown(aborter);
      }
      correlationId = correlationIdOf(client.req.headers, requestId);
      const context: CommandContext = { actor: call.principal.actor, correlationId };
      entry.admitted(call, context);
      lease = endWith(aborter, leases.take(call.principal, call));
      await environmentAccess.require(call.principal, call.environmentId, call.needed);
      const key = await connections.keyOf(call.environmentId, call.node);
      record = createCallRecord(activity, { key, callId: requestId, method: call.method, path: call.recordedPath }, context);
      refuseDenied(call, settings.current());
      const caller = { key, context, signal: aborter.signal };
      await channels.ensureOpen(caller);
      hold = dialer.hold(key);
      if (call.route.mayChange) await record.started();
      aborter.signal.throwIfAborted();
      const end = await forward(client, call, record, caller);
      record.ended(end);
      entry.ended({ ...end, bytes: record.bytes });
    } catch (thrown) {
      const error = thrown instanceof NoAnswer ? thrown.cause : thrown;
      const isClientGone = error instanceof ClientGone;
      const problem = problemOf(error);
      if (!isClientGone) answerWithError(client, problem, { limits, correlationId });
      if (problem.code === 'internal-error' && !isClientGone) logger.error({ err: error, requestId }, 'a proxied call failed');
      entry.ended({ status: isClientGone ? null : problem.status, failure: failureCode(error), bytes: record?.bytes });
      // Of what does not exist nothing is recorded.
      if (problem.status !== 404 && problem.status !== 410) {
        record?.ended({ status: isClientGone ? null : problem.status, failure: failureCode(error) });
      }
    } finally {
      hold?.release();
      lease?.release();
      inFlight.delete(aborter);
      endless.delete(aborter);
    }
  }

  async function forward(client: ClientExchange, call: AdmittedCall, record: CallRecord, caller: ChannelCaller): Promise<ExchangeEnd> {
    const { upgrade, req } = client;
    const upgradeBody =
      upgrade === undefined
        ? Buffer.alloc(0)
        : await readUpgradeBody(upgrade.socket, call.framing, { expectsContinue: req.headers.expect !== undefined, signal: caller.signal });
    const exchange = { client, call, record, caller, upgradeBody, limits };
    // Only what may be sent twice goes over a kept channel: the engine may have closed it meanwhile.
    if (!call.route.mayChange && call.method !== 'POST' && call.framing.kind === 'none') {
      try {
        return await exchangeWithEngine({ ...exchange, transport: { agent: channels.pool(caller.key) } });
      } catch (error) {
        if (!(error instanceof NoAnswer) || !error.isStaleChannel) throw error;
      }
    }
    const channel = await channels.dial(caller);
    return exchangeWithEngine({ ...exchange, transport: { channel } });
  }

  return {
    matches: isDockerTarget,
    handle: (incoming) => void serve({ ...incoming, upgrade: undefined }),
    mayUpgrade: (req) => askedUpgrade(req) !== undefined,
    handleUpgrade(upgrade) {
      const protocol = askedUpgrade(upgrade.req);
      if (protocol === undefined) return void upgrade.socket.destroy();
      void serve(upgradeExchange(upgrade, protocol));
    },
    cutEndless() {
      isStopping = true;
      for (const aborter of endless) shutDown(aborter);
    },
    close() {
      for (const aborter of inFlight) shutDown(aborter);
      channels.close();
    },
  };
}

/** The protocol to upgrade to; undefined where the request asks for none, or has no business to. */
function askedUpgrade(req: IncomingMessage): string | undefined {
  const protocol = req.headers.upgrade?.toLowerCase();
  if (protocol === undefined || !UPGRADE_PROTOCOLS.has(protocol) || !isDockerTarget(req.url ?? '')) return undefined;
  if (req.headers['transfer-encoding'] !== undefined) return undefined;
  try {
    const { path, query } = parseDockerTarget(req.url ?? '');
    return classify(req.method ?? '', path, query).upgradable ? protocol : undefined;
  } catch {
    return undefined;
  }
}

/** What the lease is for ends when it does. */
function endWith(aborter: AbortController, lease: AccessLease): AccessLease {
  const { signal } = lease;
  if (signal.aborted) aborter.abort(signal.reason);
  signal.addEventListener('abort', () => aborter.abort(signal.reason), { once: true });
  return lease;
}
