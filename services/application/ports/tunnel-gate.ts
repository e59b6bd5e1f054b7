/** What the tunnels’ edge asks of the application, and what the application asks of it. */
import type { CredentialsRefusalReason, DisconnectReason, TunnelLossReason } from '../../domain/events.ts';
import type { TunnelKey } from '../../domain/tunnel-key.ts';

/** An agent's hello on the tunnel port. */
export interface TunnelOpening {
  readonly environmentId: string;
  readonly credentialsId: string;
  readonly secret: Uint8Array;
  readonly instanceId: string;
  /** The peer's IP address. */
  readonly address: string;
}

/** A tunnel whose credentials were consumed. */
export interface OpenedTunnel {
  readonly key: TunnelKey;
  readonly credentialsId: string;
  readonly agentNode: string;
  readonly instanceId: string;
  /** How long without use until the agent asks whether it may close. */
  readonly inactivityMs: number;
  readonly maxChannels: number;
}

export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
  readonly reason: CredentialsRefusalReason | 'event-store-unavailable';

  constructor(reason: CredentialsRefusalReason | 'event-store-unavailable', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The decisions behind the tunnel port. */
export interface TunnelGate {
  /** Consumes the credentials: of two with the same one wins. Throws {@link CredentialsRefused}, already recorded. */
  open(opening: TunnelOpening): Promise<OpenedTunnel>;
  /** Records a hello that can't even be read, without a word of it. Returns the refusal to send. */
  refuseMalformed(address: string): CredentialsRefused;
  /** The tunnel can be dialled from now on: wakes those who wait. Called by the edge once it is registered as live. */
  ready(tunnel: OpenedTunnel): void;
  /** It is gone without a goodbye. Never throws: what can't be recorded now is recorded later. */
  lost(tunnel: OpenedTunnel, reason: TunnelLossReason): Promise<void>;
  /**
   * The agent asks whether the idle tunnel may close; `lastUsedAtMs` and `inUse` are what the edge knows of its use,
   * `agentIdleMs` is how long the agent saw none of it: its own inactivity timeout, which wins where it is the shorter one.
   * After true the edge must not dial any more, and says {@link TunnelGate.closed} when the agent has taken its leave.
   */
  mayClose(tunnel: OpenedTunnel, use: { readonly lastUsedAtMs: number; readonly inUse: boolean; readonly agentIdleMs?: number }): Promise<boolean>;
  /** A tunnel that was allowed to close is gone, however it ended: TunnelClosed and TunnelCredentialsRevoked are recorded. Never throws. */
  closed(tunnel: OpenedTunnel): Promise<void>;
}

/** What the application asks of the live tunnels (the edge implements it). */
export interface TunnelControl {
  /** Ends a live tunnel, telling its agent why; resolves when it is gone. Nothing to do where none is live. */
  drain(key: TunnelKey, reason: DisconnectReason | 'agent-reports-none'): Promise<void>;
  /** Counts as use. False where none is live. */
  touch(key: TunnelKey): boolean;
  /** When a tunnel with that key was last used, whether one is live now or not; undefined where none was. */
  lastUsedAtMs(key: TunnelKey): number | undefined;
  isOpen(key: TunnelKey): boolean;
  /** Its agent may be gone without a word: it is asked for a sign of life, and where none comes in 3 s the tunnel is lost. Never throws. */
  prove(key: TunnelKey): Promise<void>;
}
