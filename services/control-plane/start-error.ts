/** Why the control plane can't start, as stable codes. */

/** Those of docs/errors.md. */
export const startErrorCodes = [
  'access-denied',
  'address-not-available',
  'admin-password-weak',
  'audit-password-too-short',
  'audit-port-missing',
  'checkpoint-key-malformed',
  'checkpoint-key-missing',
  'checkpoint-key-wrong',
  'data-directory-in-use',
  'data-directory-path-too-long',
  'data-directory-unwritable',
  'event-store-changed',
  'event-store-corrupt',
  'event-store-unavailable',
  'event-store-unknown',
  'installation-key-malformed',
  'installation-key-missing',
  'installation-key-wrong',
  'invalid-trusted-proxy',
  'listen-failed',
  'nats-file-unreadable',
  'nats-settings-invalid',
  'port-in-use',
  'port-not-allowed',
  'projections-failed',
  'restore-unfinished',
  'start-failed',
  'tls-certificate-malformed',
  'tls-file-unreadable',
  'tls-key-malformed',
  'tls-key-mismatch',
  'tls-options-incomplete',
  'tunnel-key-missing',
] as const;

export type StartErrorCode = (typeof startErrorCodes)[number];

/** Thrown where the control plane can't start. The message is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The code of an error, where it is one that a start can fail with; else `start-failed`. */
export function startErrorCodeOf({ code }: { readonly code?: unknown }): StartErrorCode {
  return startErrorCodes.find((known) => known === code) ?? 'start-failed';
}
