/** The keys behind tunnel certificates, and their rotation. */
import type { Instant } from '../../domain/events.ts';
import type { TunnelCertificateState } from '../../domain/tunnel-certificate.ts';
import type { Position } from '../../event-store/port.ts';
import type { CommandContext } from './command-context.ts';

/** The keys behind tunnel certificates. */
export interface TunnelKeys {
  /** Of the one in use, base64. */
  fingerprint(): string;
  /** Makes another identity and keeps its key durably, unused so far; `succession` is the word of the one in use that it follows. */
  make(): Promise<{ readonly fingerprint: string; readonly succession: string }>;
  /** Takes what is recorded into use: from the next connection on the port shows it. Throws StartError tunnel-key-missing. */
  use(state: TunnelCertificateState): Promise<void>;
  /** Destroys all keys but that in use and those of former ones that are accepted. */
  forgetOthers(): Promise<void>;
}

/** Which tunnel certificate is in use, and which former ones agents accept still. */
export interface TunnelCertificateStatus {
  /** Of the one in use: SHA-256 over the SPKI, base64. */
  readonly fingerprint: string;
  /** Null while it is the one that the installation began with. */
  readonly since: Instant | null;
  /** Those that agents accept still. */
  readonly formers: readonly { readonly fingerprint: string; readonly acceptedUntil: Instant }[];
}

/** The tunnel certificate, for an admin. */
export interface TunnelCertificate {
  status(): TunnelCertificateStatus;
  /**
   * Makes a new key and certificate and shows it from the next connection on; open tunnels live on. Agents accept the former
   * one for `formerAcceptedSeconds` (0 to 365 days, 30 days by default); 0, for a key that leaked, ends all former ones at once.
   * Throws invalid-settings, conflict, event-store-unavailable.
   */
  rotate(options: { readonly formerAcceptedSeconds?: number }, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Agents accept no former one any more. */
  retireFormers(context: CommandContext): Promise<{ readonly position: Position | undefined }>;
}
