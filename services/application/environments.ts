/** Use cases of environments: create, change, remove, and what an agent needs to join. */
import { randomUUID } from 'node:crypto';
import { foldName } from '../domain/environment-name.ts';
import type { EnvironmentState } from '../domain/environment.ts';
import { Refusal } from '../domain/refusal.ts';
import { type Clock, instantOf } from './clock.ts';
import { checkAddress, checkName, checkPollInterval, checkTags, hostOf } from './environment-input.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { Deployment, Environments } from './ports/environments.ts';
import { randomId } from './random-id.ts';

export interface EnvironmentUseCases extends Environments {
  /** A name the record already holds; before anything else. */
  know(environmentId: string, name: string): void;
}

/** Creates the use cases. The names in use are in memory: one process decides them. */
export function createEnvironments(deps: {
  readonly streams: EnvironmentStreams;
  readonly clock: Clock;
  /** The tunnel port that agents call unless an environment says otherwise. */
  readonly defaultTunnelAddress: (host: string) => string;
  readonly mintJoinToken: (environment: { readonly environmentId: string; readonly address: string; readonly tunnelAddress: string; readonly joinTokenVersion: number }) => string;
  /** After an environment was created or its address changed; resolves when the certificate names its host, if it can. */
  readonly onAddress: (host: string) => Promise<void>;
  /** After its addresses changed and the certificate names them: its agents are told. */
  readonly onAddressChanged: (environmentId: string) => void;
  readonly onIntervalChanged: (environmentId: string) => void;
  /** After it was removed: its polls and tunnels end. */
  readonly onRemoved: (environmentId: string, context: CommandContext) => Promise<void>;
  /** After its agents' token was rotated, or they were disassociated: their polls and tunnels end. */
  readonly onUnjoined: (environmentId: string, why: 'token-rotated' | 'disassociated', context: CommandContext) => Promise<void>;
}): EnvironmentUseCases {
  const { streams, clock, defaultTunnelAddress, mintJoinToken, onAddress, onAddressChanged, onIntervalChanged, onRemoved, onUnjoined } = deps;
  const ids = new Map<string, string>();
  /** The key each environment's name is held under. */
  const held = new Map<string, string>();

  /** Holds a name while `task` records it. */
  async function withName<Result>(environmentId: string, name: string, task: () => Promise<Result>): Promise<Result> {
    const holder = ids.get(foldName(name));
    if (holder !== undefined && holder !== environmentId) {
      throw new ApplicationError('name-taken', `an environment named ${name} exists already; choose another name`, { pointer: '/name' });
    }
    ids.set(foldName(name), environmentId);
    try {
      return await task();
    } catch (error) {
      if (holder === undefined) ids.delete(foldName(name));
      throw error;
    }
  }

  /** From now on the environment has this name and no other. */
  function settle(environmentId: string, name: string | undefined, alsoTried?: string): void {
    for (const key of [held.get(environmentId), alsoTried === undefined ? undefined : foldName(alsoTried)]) {
      if (key !== undefined && ids.get(key) === environmentId) ids.delete(key);
    }
    held.delete(environmentId);
    if (name === undefined) return;
    ids.set(foldName(name), environmentId);
    held.set(environmentId, foldName(name));
  }

  async function active(environmentId: string): Promise<Extract<EnvironmentState, { status: 'active' }>> {
    const state = await streams.load(environmentId);
    if (state.status === 'active') return state;
    throw new ApplicationError('environment-not-found', 'there is no such environment');
  }

  function tokenOf({ environmentId, address, tunnelAddress, joinTokenVersion, edgeId, issuedEdgeId }: Extract<EnvironmentState, { status: 'active' }>): Deployment {
    return { edgeId: edgeId ?? issuedEdgeId, joinToken: mintJoinToken({ environmentId, address, tunnelAddress, joinTokenVersion }) };
  }

  return {
    know(environmentId, name) {
      settle(environmentId, name);
    },

    async create(input, context) {
      const name = checkName(input.name);
      const allowLoopback = input.allowLoopback ?? false;
      const address = checkAddress(input.address, { pointer: '/address', allowLoopback });
      const tunnelAddress = checkAddress(input.tunnelAddress ?? defaultTunnelAddress(hostOf(address)), { pointer: '/tunnelAddress', allowLoopback });
      const tags = checkTags(input.tags ?? []);
      const pollIntervalSeconds = checkPollInterval(input.pollIntervalSeconds ?? null);
      const environmentId = randomId();
      return withName(environmentId, name, async () => {
        const { state, position } = await streams.execute(
          environmentId,
          {
            type: 'create',
            at: instantOf(clock),
            environmentId,
            name,
            address,
            tunnelAddress,
            tags,
            pollIntervalSeconds,
            issuedEdgeId: randomUUID(),
            requireIssuedEdgeId: input.requireIssuedEdgeId ?? false,
          },
          context,
        );
        if (state.status !== 'active' || position === undefined) throw new ApplicationError('conflict', 'the environment was removed while it was created');
        settle(environmentId, name);
        await onAddress(hostOf(address));
        return { environmentId, position, ...tokenOf(state) };
      });
    },

    async change(environmentId, changes, context, onlyIf = () => true) {
      const state = await active(environmentId);
      const allowLoopback = changes.allowLoopback ?? false;
      const name = changes.name === undefined ? undefined : checkName(changes.name);
      const address = changes.address === undefined ? undefined : checkAddress(changes.address, { pointer: '/address', allowLoopback });
      // A tunnel address that only followed the address goes on following it.
      const followed = state.tunnelAddress === defaultTunnelAddress(hostOf(state.address)) && address !== undefined ? defaultTunnelAddress(hostOf(address)) : undefined;
      const wanted = changes.tunnelAddress ?? followed;
      const command = {
        type: 'change',
        at: instantOf(clock),
        ...(name === undefined ? {} : { name }),
        ...(address === undefined ? {} : { address }),
        ...(wanted === undefined ? {} : { tunnelAddress: checkAddress(wanted, { pointer: '/tunnelAddress', allowLoopback }) }),
        ...(changes.tags === undefined ? {} : { tags: checkTags(changes.tags) }),
        ...(changes.pollIntervalSeconds === undefined ? {} : { pollIntervalSeconds: checkPollInterval(changes.pollIntervalSeconds) }),
      } as const;
      const { position, state: after } = await withName(environmentId, name ?? state.name, () => run(() => streams.execute(environmentId, command, context, (now) => now.status !== 'active' || onlyIf(now))));
      settle(environmentId, after.status === 'active' ? after.name : undefined, name);
      if (address !== undefined) await onAddress(hostOf(address));
      if (address !== undefined || wanted !== undefined) onAddressChanged(environmentId);
      if (changes.pollIntervalSeconds !== undefined) onIntervalChanged(environmentId);
      return { position };
    },

    async rotateToken(environmentId, context) {
      await active(environmentId);
      const { state, position } = await run(() => streams.execute(environmentId, { type: 'rotate-token', at: instantOf(clock) }, context));
      if (state.status !== 'active' || position === undefined) throw new ApplicationError('environment-not-found', 'there is no such environment');
      await onUnjoined(environmentId, 'token-rotated', context);
      return { ...tokenOf(state), position };
    },

    async disassociate(environmentId, context) {
      await active(environmentId);
      const { position } = await run(() => streams.execute(environmentId, { type: 'disassociate', at: instantOf(clock), issuedEdgeId: randomUUID() }, context));
      if (position !== undefined) await onUnjoined(environmentId, 'disassociated', context);
      return { position };
    },

    async allowEdgeId(environmentId, edgeId, context) {
      await active(environmentId);
      const { position } = await run(() => streams.execute(environmentId, { type: 'unbar-edge-id', at: instantOf(clock), edgeId: edgeId.toLowerCase() }, context));
      if (position === undefined) throw new ApplicationError('edge-id-not-barred', 'this Edge ID is not barred');
      return { position };
    },

    async remove(environmentId, context) {
      await active(environmentId);
      await onRemoved(environmentId, context);
      const { position } = await run(() => streams.execute(environmentId, { type: 'remove', at: instantOf(clock) }, context));
      settle(environmentId, undefined);
      // Again, for what came in between.
      await onRemoved(environmentId, context);
      if (position === undefined) throw new ApplicationError('environment-not-found', 'there is no such environment');
      return { position };
    },

    async deployment(environmentId) {
      return tokenOf(await active(environmentId));
    },
  };
}

/** A refusal here means that the environment went away between the check and the decision. */
async function run<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'edge-id-not-barred') throw new ApplicationError(error.code, 'this Edge ID is not barred', { cause: error });
    if (error instanceof Refusal) throw new ApplicationError('environment-not-found', 'there is no such environment', { cause: error });
    throw error;
  }
}
