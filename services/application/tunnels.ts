/** Use cases of tunnels: who is required, who gets credentials, who waits, and what ends. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { agentKey } from '../domain/environment.ts';
import type { DisconnectReason, TunnelEvent } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import { environmentTunnel, type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { TunnelCommand, TunnelState } from '../domain/tunnel.ts';
import { createAgentChoice } from './agent-choice.ts';
import type { Aggregates } from './aggregates.ts';
import { nodeAskedFor } from './node-asked-for.ts';
import { peerGroup } from './peer-address.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import {
  ApplicationError,
  type CommandContext,
  type Connections,
  CredentialsRefused,
  type IssuedCredentials,
  type OpenedTunnel,
  type SettingsAccess,
  type TunnelControl,
  type TunnelGate,
} from './ports.ts';
import type { PresentAgent, Presence } from './presence.ts';
import type { Refusals } from './refusals.ts';
import { createWaiters } from './waiters.ts';

/** How long tunnel credentials are good for. */
export const credentialsValidForMs = 10_000;
const sweepMs = 5000;
const issuedKept = 10_000;
/** By so much the agent's and our view of a tunnel's last use may differ. */
const idleSlackMs = 500;

export interface Tunnels extends Connections, TunnelGate {
  /** What an agent is to open now: issues credentials where a tunnel of its environment needs it. */
  credentialsFor(agent: PresentAgent, context: CommandContext): Promise<readonly IssuedCredentials[]>;
  /** Whether the agent's environment needs any tunnel; cheap, for the poll path. */
  isNeeded(environmentId: string): boolean;
  /** What an agent says it holds, and what it failed to open, against the record. */
  reconcile(
    agent: PresentAgent,
    said: { readonly held: readonly string[]; readonly failure: { readonly credentialsId: string; readonly reason: string; readonly detail: string } | null },
    context: CommandContext,
  ): Promise<void>;
  /** The agent's poll call ended: where it was just asked for a tunnel and others are there, the next one is asked at once. */
  left(agent: PresentAgent, context: CommandContext): void;
  /** Takes up a tunnel the record says is not closed; one of an earlier process of this node is lost as `server-restarted`. */
  resume(key: TunnelKey): Promise<void>;
  /** The instance of the agent that holds the environment's own tunnel, or is about to open it. */
  holderOf(environmentId: string): string | undefined;
  /** Ends every tunnel of an environment that was removed, or whose agents are none of its own any more. */
  end(environmentId: string, reason: Exclude<DisconnectReason, 'disconnected'>, context: CommandContext): Promise<void>;
  /** Marks what is open as lost with this process. */
  close(): Promise<void>;
}

/** Creates the use cases. `tell` makes the polls' edge ask {@link Tunnels.credentialsFor} for a connected agent at once. */
export function createTunnels(deps: {
  readonly aggregates: Aggregates<TunnelState, TunnelCommand, TunnelEvent>;
  readonly environments: Pick<EnvironmentStreams, 'load' | 'peek'>;
  readonly presence: Presence;
  readonly settings: SettingsAccess;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
  readonly epoch: string;
  readonly control: () => TunnelControl;
  readonly tell: (agent: PresentAgent, context: CommandContext) => void;
  /** An idle tunnel is about to be recorded as closed, which was allowed at `decidedAtMs`: its last snapshot must stand before. Never throws. */
  readonly beforeClosed?: (tunnel: OpenedTunnel, decidedAtMs: number) => Promise<void>;
}): Tunnels {
  const { aggregates, environments, presence, settings, refusals, clock, logger, controlPlaneNode, epoch, control, tell, beforeClosed = () => Promise.resolve() } = deps;
  const systemActor = `system:${controlPlaneNode}`;
  const system = (): CommandContext => ({ actor: systemActor, correlationId: randomUUID() });
  /** What follows from a requirement carries its correlation id, and names who did it. */
  const following = (stream: string, actor = systemActor): CommandContext => ({ correlationId: causes.get(stream)?.correlationId ?? randomUUID(), actor });
  const waiters = createWaiters(clock);
  /** Every tunnel that is not closed, by environment. */
  const unclosed = new Map<string, Map<string, TunnelKey>>();
  /** Who required a tunnel, so that what follows carries the same correlation id. */
  const causes = new Map<string, CommandContext>();
  /** The tunnels that credentials were issued for, the last so many: those of another environment are told from unknown ones. */
  const issuedFor = new Map<string, TunnelKey>();
  const choice = createAgentChoice({ presence, isSuperseded });
  const lastUse = new Map<string, number>();
  /** Idle tunnels that were allowed to close: recorded once the agent has taken its leave, or somebody needs the tunnel. */
  const closing = new Map<string, { readonly tunnel: OpenedTunnel; readonly decidedAtMs: number }>();
  const stopSweep = clock.every(sweepMs, () => void sweep());

  aggregates.onRecorded((stream, { events, state }) => {
    const key = events[0] === undefined ? undefined : { environmentId: events[0].data.environmentId, node: events[0].data.node };
    if (key === undefined) return;
    for (const event of events) {
      choice.recorded(key, event);
      if (event.type === 'TunnelCredentialsIssued') noteIssued(event.data.credentialsId, key);
    }
    if (state.status === 'closed') {
      const cause = causes.get(stream);
      forget(stream, key.environmentId);
      // A request that came in just as the tunnel idled out still waits: it is required again.
      const isUnused = events.some(({ type, data }) => (type === 'TunnelClosed' && data.reason === 'idle') || (type === 'TunnelRequirementLapsed' && data.reason === 'unused'));
      if (isUnused && waiters.has(stream)) quietly(requireAgain(key, cause ?? system()), 'a tunnel could not be required again');
    } else {
      keep(stream, key);
    }
    // Whoever lost a tunnel that is still required, or could not open it: ask again, at once.
    if (state.status === 'required') askNext(stream, key);
  });

  function noteIssued(credentialsId: string, key: TunnelKey): void {
    issuedFor.set(credentialsId, key);
    const [oldest] = issuedFor.keys();
    if (issuedFor.size > issuedKept && oldest !== undefined) issuedFor.delete(oldest);
  }

  function requireAgain(key: TunnelKey, context: CommandContext): Promise<unknown> {
    causes.set(tunnelStream(key), context);
    return run(key, { type: 'require' }, context);
  }

  function keep(stream: string, key: TunnelKey): void {
    const ofEnvironment = unclosed.get(key.environmentId);
    if (!lastUse.has(stream)) lastUse.set(stream, clock.now());
    if (ofEnvironment === undefined) unclosed.set(key.environmentId, new Map([[stream, key]]));
    else ofEnvironment.set(stream, key);
  }

  function forget(stream: string, environmentId: string): void {
    const ofEnvironment = unclosed.get(environmentId);
    ofEnvironment?.delete(stream);
    if (ofEnvironment?.size === 0) unclosed.delete(environmentId);
    causes.delete(stream);
    lastUse.delete(stream);
  }

  /** When somebody last needed the tunnel; that its agent opens it again and again is no use. */
  function lastUsedMs(stream: string, key: TunnelKey): number {
    return Math.max(lastUse.get(stream) ?? 0, control().lastUsedAtMs(key) ?? 0);
  }

  function run(key: TunnelKey, command: TunnelCommandOf, context: CommandContext) {
    return aggregates.execute(tunnelStream(key), { ...command, key, at: instantOf(clock) }, context);
  }

  function askNext(stream: string, key: TunnelKey): void {
    const [next] = choice.order(key);
    if (next !== undefined) tell(next, following(stream));
  }

  /** Whether another instance has taken the agent's place since: its call may be one that only looks open. */
  function isSuperseded({ environmentId, instanceId, report }: PresentAgent): boolean {
    const state = environments.peek(environmentId);
    const current = state?.status === 'active' ? state.agents[agentKey(report)] : undefined;
    return current !== undefined && current.instanceId !== instanceId;
  }

  async function known(environmentId: string): Promise<void> {
    const state = await environments.load(environmentId);
    if (state.status === 'absent') throw new ApplicationError('environment-not-found', 'there is no such environment');
    if (state.status === 'removed') throw new ApplicationError('environment-removed', 'this environment was removed');
  }

  async function issue(key: TunnelKey, agent: PresentAgent, tunnelAddress: string): Promise<IssuedCredentials | undefined> {
    const stream = tunnelStream(key);
    const secret = randomBytes(32);
    const credentialsId = randomUUID();
    const command = {
      type: 'issue-credentials',
      credentialsId,
      secretHash: hashOf(secret),
      agentInstanceId: agent.instanceId,
      agentNode: agent.report.node,
      expiresAt: new Date(clock.now() + credentialsValidForMs).toISOString(),
    } as const;
    const { events } = await run(key, command, following(stream));
    if (!events.some(({ type }) => type === 'TunnelCredentialsIssued')) return undefined;
    expireLater(key, credentialsId, credentialsValidForMs);
    return { credentialsId, secret, tunnelAddress, validForMs: credentialsValidForMs };
  }

  /** Of several agents whoever polls does not just take the tunnel: connected ones are asked in order. */
  function isItsTurn(key: TunnelKey, { instanceId }: PresentAgent): boolean {
    const [first] = choice.order(key);
    return first === undefined || first.instanceId === instanceId;
  }

  function hasExpired({ grant }: Extract<TunnelState, { status: 'opening' }>): boolean {
    return clock.now() > Date.parse(grant.expiresAt);
  }

  function expireLater(key: TunnelKey, credentialsId: string, afterMs: number): void {
    const stream = tunnelStream(key);
    clock.after(afterMs + 1, () => {
      quietly(run(key, { type: 'expire-credentials', credentialsId }, following(stream)), 'expired credentials could not be recorded');
    });
  }

  function quietly(promise: Promise<unknown>, message: string): void {
    promise.catch((error: unknown) => {
      logger.warn({ err: error }, message);
    });
  }

  /** Whoever was asked and has gone since: it may be back in a moment, but where others are there, nobody waits for it. */
  function left({ environmentId, instanceId }: PresentAgent, context: CommandContext): void {
    for (const [stream, key] of [...(unclosed.get(environmentId) ?? [])]) {
      const state = aggregates.peek(stream);
      if (state?.status !== 'opening' || state.grant.agentInstanceId !== instanceId) continue;
      const others = choice.order(key);
      if (others.length === 0 || others.some((other) => other.instanceId === instanceId)) continue;
      const { credentialsId } = state.grant;
      const failure = { reason: 'agent-left', detail: 'the agent’s polls ended before it opened the tunnel' };
      quietly(run(key, { type: 'fail-to-open', credentialsId, ...failure }, following(stream, context.actor)), 'that an agent left could not be recorded');
    }
  }

  async function sweep(): Promise<void> {
    const patienceMs = settings.current().inactivityTimeoutSeconds * 1000;
    for (const ofEnvironment of [...unclosed.values()]) {
      for (const [stream, key] of [...ofEnvironment]) {
        const state = await aggregates.load(stream).catch(() => undefined);
        // The store was away when they expired.
        if (state?.status === 'opening' && hasExpired(state)) expireLater(key, state.grant.credentialsId, 0);
        if ((state?.status !== 'required' && state?.status !== 'opening') || waiters.has(stream)) continue;
        if (clock.now() - lastUsedMs(stream, key) > patienceMs) {
          await run(key, { type: 'lapse' }, system()).catch((error: unknown) => {
            logger.warn({ err: error }, 'a lapsed requirement could not be recorded');
          });
        } else if (state.status === 'required') {
          // Whoever was asked could not be told, or the store was away.
          askNext(stream, key);
        }
      }
    }
  }

  async function lose(key: TunnelKey, credentialsId: string, reason: 'server-restarted' | OpenedLossReason, context: CommandContext): Promise<void> {
    await run(key, { type: 'lose', credentialsId, reason }, context);
  }

  function refuse(opening: Parameters<TunnelGate['open']>[0], reason: CredentialsRefused['reason'], message: string): CredentialsRefused {
    if (reason !== 'event-store-unavailable') {
      const { environmentId, credentialsId, address } = opening;
      const data = { at: instantOf(clock), environmentId: environments.peek(environmentId) === undefined ? null : environmentId, credentialsId, reason, address };
      refusals.record({ type: 'TunnelCredentialsRefused', data }, peerGroup(address), system());
    }
    return new CredentialsRefused(reason, message);
  }

  async function lost(tunnel: OpenedTunnel, reason: OpenedLossReason): Promise<void> {
    try {
      await lose(tunnel.key, tunnel.credentialsId, reason, following(tunnelStream(tunnel.key)));
    } catch (error) {
      logger.warn({ err: error }, 'a lost tunnel could not be recorded yet');
      clock.after(1000, () => void lost(tunnel, reason));
    }
  }

  /** Records the close that was decided, once. What can't be recorded now is recorded later. */
  async function recordClose({ key, credentialsId }: Pick<OpenedTunnel, 'key' | 'credentialsId'>): Promise<void> {
    const stream = tunnelStream(key);
    try {
      await run(key, { type: 'close-idle', credentialsId }, following(stream));
    } catch (error) {
      logger.warn({ err: error }, 'the close of an idle tunnel could not be recorded yet');
      clock.after(1000, () => void recordClose({ key, credentialsId }));
    }
  }

  /** Somebody needs a tunnel that is just taking its leave: it is closed at once, so that another can be required. */
  async function hasten(stream: string): Promise<void> {
    const found = closing.get(stream);
    if (found === undefined) return;
    closing.delete(stream);
    await recordClose(found.tunnel);
  }

  return {
    async keyOf(environmentId, asked) {
      if (asked === null) return environmentTunnel(environmentId);
      const state = await environments.load(environmentId);
      await known(environmentId);
      const agents = state.status === 'active' ? Object.values(state.agents) : [];
      return { environmentId, node: nodeAskedFor(asked, agents, (nodeId) => presence.present(environmentId, nodeId).length > 0) };
    },

    async require(key, context) {
      await known(key.environmentId);
      const stream = tunnelStream(key);
      lastUse.set(stream, clock.now());
      await hasten(stream);
      const status = aggregates.peek(stream)?.status;
      if (status !== undefined && status !== 'closed') return { position: undefined };
      causes.set(stream, context);
      const { position } = await run(key, { type: 'require' }, context);
      return { position };
    },

    async waitUntilOpen(key, { timeoutMs, signal }) {
      if (control().isOpen(key)) return;
      if (!presence.isDueWithin(key.environmentId, timeoutMs, key.node)) {
        const whose = key.node === null ? 'no agent of this environment' : `no agent on the Swarm node ${key.node}`;
        throw new ApplicationError('agent-not-polling', `${whose} is polling; check that it runs and reaches this address`, { retryAfterSeconds: 5 });
      }
      const opened = waiters.wait(tunnelStream(key), timeoutMs, signal);
      void hasten(tunnelStream(key));
      await opened;
    },

    async disconnect(key, context) {
      await known(key.environmentId);
      const { position } = await run(key, { type: 'disconnect', reason: 'disconnected' }, context);
      await control().drain(key, 'disconnected');
      waiters.fail(tunnelStream(key), new ApplicationError('tunnel-disconnected', 'somebody disconnected this environment meanwhile'));
      return { position };
    },

    async keepAlive(key) {
      await known(key.environmentId);
      const stream = tunnelStream(key);
      // Anyone may name any node: only what there is, is kept.
      if (unclosed.get(key.environmentId)?.has(stream) === true) lastUse.set(stream, clock.now());
      control().touch(key);
    },

    async status(key) {
      const { status, since, lastFailure } = await aggregates.load(tunnelStream(key));
      return { state: status, since, lastFailure };
    },

    isNeeded: (environmentId) => unclosed.has(environmentId),

    async credentialsFor(agent, context) {
      const ofEnvironment = unclosed.get(agent.environmentId);
      if (ofEnvironment === undefined) return [];
      const environment = await environments.load(agent.environmentId);
      if (environment.status !== 'active') return [];
      const issued: IssuedCredentials[] = [];
      for (const [stream, key] of [...ofEnvironment]) {
        const state = await aggregates.load(stream);
        const isFor = key.node === null || key.node === agent.report.swarm?.nodeId;
        const isFree = state.status === 'required' || (state.status === 'opening' && hasExpired(state));
        if (!isFree || !isFor || !isItsTurn(key, agent)) continue;
        if (!causes.has(stream)) causes.set(stream, context);
        const credentials = await issue(key, agent, environment.tunnelAddress);
        if (credentials !== undefined) issued.push(credentials);
      }
      // It went while its credentials were recorded.
      if (issued.length > 0) left(agent, context);
      return issued;
    },

    async reconcile(agent, { held, failure }, context) {
      for (const [stream, key] of [...(unclosed.get(agent.environmentId) ?? [])]) {
        const state = await aggregates.load(stream);
        if (state.status === 'opening' && state.grant.credentialsId === failure?.credentialsId) {
          const { credentialsId, reason, detail } = failure;
          await run(key, { type: 'fail-to-open', credentialsId, reason, detail }, following(stream, context.actor));
        }
        if (state.status !== 'open' || state.grant.agentInstanceId !== agent.instanceId) continue;
        if (held.includes(state.grant.credentialsId)) continue;
        await lose(key, state.grant.credentialsId, 'agent-reports-none', following(stream, context.actor));
        // What still looks open is likely a dead connection: its end is not waited for.
        void control().drain(key, 'agent-reports-none');
      }
    },

    left,

    async open(opening) {
      const { environmentId, credentialsId, secret, instanceId, address } = opening;
      const issued = issuedFor.get(credentialsId);
      if (issued !== undefined && issued.environmentId !== environmentId) {
        throw refuse(opening, 'wrong-environment', 'these tunnel credentials were issued for another environment');
      }
      const keys = [...(unclosed.get(environmentId)?.values() ?? [])];
      const states = await Promise.all(keys.map((key) => aggregates.load(tunnelStream(key))));
      const at = states.findIndex((state) => (state.status === 'opening' || state.status === 'open') && state.grant.credentialsId === credentialsId);
      const spentAt = states.findIndex(({ spent }) => spent.some((one) => one.credentialsId === credentialsId));
      // A closed tunnel is not among them, but may be the one whose spent credentials come back.
      const key = keys[at] ?? keys[spentAt] ?? issued ?? { environmentId, node: null };
      const granted = states[at];
      const agentNode = granted?.status === 'opening' ? granted.grant.agentNode : 'unknown';
      const command = { type: 'open', credentialsId, secretHash: hashOf(secret), agentInstanceId: instanceId, address, controlPlaneNode, epoch } as const;
      try {
        const { state } = await run(key, command, following(tunnelStream(key), `agent:${environmentId}/${agentNode}`));
        if (state.status !== 'open') throw new Refusal('unknown-credentials', 'no such tunnel credentials were issued');
        const { inactivityTimeoutSeconds, maxChannelsPerTunnel } = settings.current();
        return {
          key,
          credentialsId,
          agentNode: state.grant.agentNode,
          instanceId,
          inactivityMs: inactivityTimeoutSeconds * 1000,
          maxChannels: maxChannelsPerTunnel,
        };
      } catch (error) {
        if (error instanceof Refusal) throw refuse(opening, reasonOf(error), error.message);
        throw refuse(opening, 'event-store-unavailable', 'the event store cannot record this now; try again');
      }
    },

    refuseMalformed(address) {
      const data = { at: instantOf(clock), environmentId: null, credentialsId: null, reason: 'malformed-credentials', address } as const;
      refusals.record({ type: 'TunnelCredentialsRefused', data }, peerGroup(address), system());
      return new CredentialsRefused('malformed-credentials', 'The hello is not one that tunnel credentials give rise to.');
    },

    ready({ key }) {
      waiters.wake(tunnelStream(key));
    },

    lost,

    async mayClose(tunnel, { lastUsedAtMs, inUse, agentIdleMs = Infinity }) {
      const stream = tunnelStream(tunnel.key);
      const idleMs = clock.now() - Math.max(lastUsedAtMs, lastUse.get(stream) ?? 0);
      // What passed last was on its way for a moment: of that the two ends never agree to the millisecond.
      const patienceMs = Math.min(tunnel.inactivityMs, agentIdleMs - idleSlackMs);
      if (inUse || waiters.has(stream) || idleMs < patienceMs) return false;
      const state = await aggregates.load(stream).catch(() => undefined);
      if (state?.status !== 'open' || state.grant.credentialsId !== tunnel.credentialsId) return false;
      closing.set(stream, { tunnel, decidedAtMs: clock.now() });
      // Who came while this was decided must not wait for the agent's leave.
      if (waiters.has(stream)) void hasten(stream);
      return true;
    },

    async closed(tunnel) {
      const stream = tunnelStream(tunnel.key);
      const found = closing.get(stream);
      if (found?.tunnel.credentialsId !== tunnel.credentialsId) return;
      await beforeClosed(tunnel, found.decidedAtMs);
      if (closing.get(stream) === found) closing.delete(stream);
      await recordClose(tunnel);
    },

    async resume(key) {
      const stream = tunnelStream(key);
      const state = await aggregates.load(stream);
      if (state.status === 'closed') return;
      keep(stream, key);
      if ('grant' in state) noteIssued(state.grant.credentialsId, key);
      if (state.status === 'open' && state.holder.controlPlaneNode === controlPlaneNode && state.holder.epoch !== epoch) {
        await lose(key, state.grant.credentialsId, 'server-restarted', system());
      } else if (state.status === 'opening') {
        const { credentialsId, expiresAt } = state.grant;
        expireLater(key, credentialsId, Math.max(0, Date.parse(expiresAt) - clock.now()));
      }
    },

    holderOf(environmentId) {
      const state = aggregates.peek(tunnelStream(environmentTunnel(environmentId)));
      return state?.status === 'opening' || state?.status === 'open' ? state.grant.agentInstanceId : undefined;
    },

    async end(environmentId, reason, context) {
      for (const [stream, key] of [...(unclosed.get(environmentId) ?? [])]) {
        await run(key, { type: 'disconnect', reason }, context);
        await control().drain(key, reason);
        const code = reason === 'environment-removed' ? reason : 'agent-not-polling';
        waiters.fail(stream, new ApplicationError(code, wordsOf[reason], code === 'agent-not-polling' ? { retryAfterSeconds: 60 } : {}));
      }
    },

    async close() {
      stopSweep();
      waiters.close();
      for (const ofEnvironment of [...unclosed.values()]) {
        for (const [stream, key] of [...ofEnvironment]) {
          const state = aggregates.peek(stream);
          if (state?.status !== 'open') continue;
          await lose(key, state.grant.credentialsId, 'control-plane-stopping', system()).catch((error: unknown) => {
            logger.warn({ err: error }, 'a tunnel that ends with this process could not be recorded');
          });
        }
      }
    },
  };
}

type Unkeyed<Command> = Command extends TunnelCommand ? Omit<Command, 'key' | 'at'> : never;
type TunnelCommandOf = Unkeyed<TunnelCommand>;
type OpenedLossReason = Parameters<TunnelGate['lost']>[1];

const wordsOf = {
  'environment-removed': 'this environment was removed',
  'token-rotated': 'the environment\'s join token was rotated; its agent needs the new one',
  disassociated: 'the environment was disassociated; its agent has to join anew',
} as const;

function hashOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64');
}

function reasonOf({ code }: Refusal): CredentialsRefused['reason'] {
  switch (code) {
    case 'credentials-used':
    case 'credentials-expired':
    case 'credentials-revoked':
    case 'wrong-secret':
      return code;
    default:
      return 'unknown-credentials';
  }
}
