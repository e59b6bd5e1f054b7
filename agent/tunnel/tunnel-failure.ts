/** Why a tunnel did not open. */

/** Beside these, the control plane's own reasons: those of refused credentials, event-store-unavailable, hello-expected, internal. */
export type TunnelFailureReason = 'unreachable' | 'open-timeout' | 'stopped' | 'protocol-error';

/** Thrown by openTunnel. `reason` is stable, and goes into the next poll. */
export class TunnelFailure extends Error {
  override readonly name = 'TunnelFailure';
  readonly reason: TunnelFailureReason | (string & {});

  constructor(reason: TunnelFailureReason | (string & {}), message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
