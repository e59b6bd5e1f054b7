/** What the polls’ edge asks of the application. */
import type { FailedAddress } from '../../domain/environment.ts';
import type { AgentReport, PollRejectionReason } from '../../domain/events.ts';

/** Which endpoints an agent goes by. */
export interface EndpointsInUse {
  /** 0 where it has none but its join token's. */
  readonly version: number;
  /** The tunnel fingerprints it accepts, base64. */
  readonly fingerprints: readonly string[];
  /** The address it was told and can't use. */
  readonly failure: FailedAddress | null;
}

/** Where an environment's agents reach the control plane from now on, and which tunnel fingerprints they are to accept. */
export interface EndpointsNews {
  readonly environmentId: string;
  readonly version: number;
  /** host:port of each. */
  readonly address: string;
  readonly tunnelAddress: string;
  /** base64; the one in use first. */
  readonly fingerprints: readonly string[];
  /** What the agent accepts now, for the proof. */
  readonly accepted: readonly string[];
}

export interface PollIntroduction {
  readonly environmentId: string;
  readonly joinSecret: Uint8Array;
  readonly edgeId: string;
  readonly instanceId: string;
  readonly report: AgentReport;
  /** Absent from agents that know nothing of endpoints, which are told none. */
  readonly endpoints?: EndpointsInUse | undefined;
  /** The peer's IP address. */
  readonly address: string;
}

export interface Poll {
  readonly sequence: number;
  readonly confirmedSequence: number;
  readonly heldCredentialsIds: readonly string[];
  readonly tunnelFailure: { readonly credentialsId: string; readonly reason: string; readonly detail: string } | null;
  /** Only where it changed since the introduction. */
  readonly report: AgentReport | null;
  /** Comes with the report. */
  readonly endpoints?: EndpointsInUse | undefined;
}

export interface PollAnswer {
  readonly confirmedSequence: number;
  readonly pollIntervalMs: number;
  readonly reconnectSpreadMs: number;
  /** One for each tunnel this agent is to open; the edge seals them for it. */
  readonly required: readonly IssuedCredentials[];
  /** Whether it is to take a snapshot now. */
  readonly takeSnapshot: boolean;
  /** Whether what looks like a secret is masked in its snapshots. */
  readonly maskSecrets: boolean;
  /** Where the agent goes by others; told once a call. */
  readonly endpoints?: EndpointsNews | undefined;
}

/** Tunnel credentials in the clear, on their way to the agent. */
export interface IssuedCredentials {
  readonly credentialsId: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly tunnelAddress: string;
  readonly validForMs: number;
}

/** Why a poll call ends: what is recorded as PollRejected, and what passes by itself. */
export type PollRefusalReason = PollRejectionReason | 'event-store-unavailable' | 'control-plane-stopping';

export class AgentRefused extends Error {
  override readonly name = 'AgentRefused';
  readonly reason: PollRefusalReason;
  readonly retryAfterMs: number | undefined;

  constructor(reason: PollRefusalReason, message: string, retryAfterMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** One agent's polls, from one call. */
export interface PollConversation {
  /** Answers at once where nothing is to be opened; else after the credentials were recorded. */
  poll(poll: Poll): Promise<PollAnswer> | PollAnswer;
  /** The call ended; `isClassic` where the agent ended it after one request and will poll again by another. Idempotent. */
  close(how: { readonly isClassic: boolean }): void;
}

export interface PollAdmission {
  /**
   * Checks an agent's introduction. `push` sends an early answer; `end` closes the call with a reason.
   * Throws {@link AgentRefused}, already recorded.
   */
  admit(
    introduction: PollIntroduction,
    agent: { readonly push: (answer: PollAnswer) => void; readonly end: (refusal: AgentRefused) => void },
  ): Promise<PollConversation>;
  /** Judges an introduction as {@link admit} does, lets nobody in, and records nothing but a refusal. Throws {@link AgentRefused}. */
  check(introduction: PollIntroduction): Promise<void>;
  /** Records an introduction that can't even be read. Returns the refusal to send. */
  refuseMalformed(reason: 'malformed-token' | 'malformed-edge-id' | 'version-too-old', address: string, message: string): AgentRefused;
}
