/** The tunnels that are not closed: what is remembered of each, and commands on their streams. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { TunnelEvent } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { TunnelCommand, TunnelState } from '../domain/tunnel.ts';
import type { Aggregates, Outcome } from './aggregates.ts';
import { type Clock, instantOf } from './clock.ts';
import type { CommandContext } from './ports/command-context.ts';

type Unkeyed<Command> = Command extends TunnelCommand ? Omit<Command, 'key' | 'at'> : never;

/** The tunnels as they are recorded, and what is decided on them. */
export interface TunnelRecord {
  /** Decides on a command now, and records what follows. Throws as {@link Aggregates.execute}. */
  run(key: TunnelKey, command: Unkeyed<TunnelCommand>, context: CommandContext): Promise<Outcome<TunnelState, TunnelEvent>>;
  load(key: TunnelKey): Promise<TunnelState>;
  /** The state where it is in memory, as that of every tunnel that is not closed is. */
  peek(key: TunnelKey): TunnelState | undefined;
  /** Nobody asked for it. */
  system(): CommandContext;
  /** What follows from a requirement carries its correlation id, and names who did it: the control plane by default. */
  following(key: TunnelKey, actor?: string): CommandContext;
  /** Who required it last, while it is not closed. */
  cause(key: TunnelKey): CommandContext | undefined;
  caused(key: TunnelKey, by: CommandContext): void;
  /** It is not closed. */
  keep(key: TunnelKey): void;
  /** It is closed: what was remembered of it goes. */
  forget(key: TunnelKey): void;
  isKept(key: TunnelKey): boolean;
  /** Whether any tunnel of the environment is not closed; cheap. */
  hasAny(environmentId: string): boolean;
  /** Those of an environment that are not closed. */
  of(environmentId: string): readonly TunnelKey[];
  all(): readonly TunnelKey[];
  /** Somebody needs it now. */
  need(key: TunnelKey): void;
  /** When somebody last needed it, in milliseconds since 1970; 0 where that is not known. */
  neededAtMs(key: TunnelKey): number;
  /** Lets something go on by itself; a failure is logged. */
  quietly(promise: Promise<unknown>, message: string): void;
}

/** Creates the record. `controlPlaneNode` acts where nobody else does. */
export function createTunnelRecord(deps: {
  readonly aggregates: Aggregates<TunnelState, TunnelCommand, TunnelEvent>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
}): TunnelRecord {
  const { aggregates, clock, logger, controlPlaneNode } = deps;
  const systemActor = `system:${controlPlaneNode}`;
  const unclosed = new Map<string, Map<string, TunnelKey>>();
  const causes = new Map<string, CommandContext>();
  const needed = new Map<string, number>();

  return {
    run: (key, command, context) => aggregates.execute(tunnelStream(key), { ...command, key, at: instantOf(clock) }, context),
    load: (key) => aggregates.load(tunnelStream(key)),
    peek: (key) => aggregates.peek(tunnelStream(key)),
    system: () => ({ actor: systemActor, correlationId: randomUUID() }),
    following: (key, actor = systemActor) => ({ correlationId: causes.get(tunnelStream(key))?.correlationId ?? randomUUID(), actor }),
    cause: (key) => causes.get(tunnelStream(key)),
    caused(key, by) {
      causes.set(tunnelStream(key), by);
    },
    keep(key) {
      const stream = tunnelStream(key);
      const ofEnvironment = unclosed.get(key.environmentId);
      if (!needed.has(stream)) needed.set(stream, clock.now());
      if (ofEnvironment === undefined) unclosed.set(key.environmentId, new Map([[stream, key]]));
      else ofEnvironment.set(stream, key);
    },
    forget(key) {
      const stream = tunnelStream(key);
      const ofEnvironment = unclosed.get(key.environmentId);
      ofEnvironment?.delete(stream);
      if (ofEnvironment?.size === 0) unclosed.delete(key.environmentId);
      causes.delete(stream);
      needed.delete(stream);
    },
    isKept: (key) => unclosed.get(key.environmentId)?.has(tunnelStream(key)) === true,
    hasAny: (environmentId) => unclosed.has(environmentId),
    of: (environmentId) => [...(unclosed.get(environmentId)?.values() ?? [])],
    all: () => [...unclosed.values()].flatMap((ofEnvironment) => [...ofEnvironment.values()]),
    need(key) {
      needed.set(tunnelStream(key), clock.now());
    },
    neededAtMs: (key) => needed.get(tunnelStream(key)) ?? 0,
    quietly(promise, message) {
      promise.catch((error: unknown) => {
        logger.warn({ err: error }, message);
      });
    },
  };
}
