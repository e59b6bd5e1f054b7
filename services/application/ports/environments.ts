/** Use cases of environments. */
import type { Position } from '../../event-store/port.ts';
import type { CommandContext } from './command-context.ts';

export interface NewEnvironment {
  readonly name: string;
  /** host:port that agents call. */
  readonly address: string;
  /** host:port; by default the address's host with the tunnel port. */
  readonly tunnelAddress?: string;
  readonly tags?: readonly string[];
  /** Whole seconds, 1 to 86,400; null or absent follows the settings. */
  readonly pollIntervalSeconds?: number | null;
  readonly allowLoopback?: boolean;
  readonly requireIssuedEdgeId?: boolean;
}

/** RFC 7396: absent is unchanged. */
export type EnvironmentChanges = Partial<Pick<NewEnvironment, 'name' | 'address' | 'tunnelAddress' | 'tags' | 'pollIntervalSeconds' | 'allowLoopback'>>;

/** What an admin may change of an environment. */
export type EditableEnvironment = Required<Pick<NewEnvironment, 'name' | 'address' | 'tunnelAddress' | 'tags'>> & { readonly pollIntervalSeconds: number | null };

/** Asked about what is there at the moment of the decision: where it answers false nothing changes, and precondition-failed is thrown. */
export type OnlyIf<Current> = (current: Current) => boolean;

/** What an agent needs to join. */
export interface Deployment {
  /** The Edge ID to put into the command: the issued one, or the one associated. */
  readonly edgeId: string;
  /** EDGE_KEY. */
  readonly joinToken: string;
}

export interface Environments {
  /** Throws name-taken, invalid-name, invalid-address, loopback-address, invalid-tags, invalid-poll-interval, event-store-unavailable. */
  create(input: NewEnvironment, context: CommandContext): Promise<Deployment & { readonly environmentId: string; readonly position: Position }>;
  /** Throws as create, environment-not-found and precondition-failed. `position` is undefined where nothing changed. */
  change(environmentId: string, changes: EnvironmentChanges, context: CommandContext, onlyIf?: OnlyIf<EditableEnvironment>): Promise<{ readonly position: Position | undefined }>;
  /**
   * Makes all join tokens printed so far useless: its polls and tunnels end, and its agents are refused until they have the
   * new one. Throws environment-not-found.
   */
  rotateToken(environmentId: string, context: CommandContext): Promise<Deployment & { readonly position: Position }>;
  /**
   * Parts it from its agent: its polls and tunnels end, the Edge ID is barred, and a new one is issued. `position` is
   * undefined where none was associated. Throws environment-not-found.
   */
  disassociate(environmentId: string, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /** Lets a barred Edge ID associate again. Throws environment-not-found and edge-id-not-barred. */
  allowEdgeId(environmentId: string, edgeId: string, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Ends its polls and tunnels, for ever. Throws environment-not-found. */
  remove(environmentId: string, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Throws environment-not-found. */
  deployment(environmentId: string): Promise<Deployment>;
}
