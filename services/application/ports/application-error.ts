/** What a use case refuses with; each edge maps its code to a status of its own. */

/** A use case's refusal. Each edge maps `code` to its own status in one table. */
export type ApplicationErrorCode =
  | 'environment-not-found'
  | 'environment-removed'
  | 'node-not-found'
  | 'name-taken'
  | 'invalid-name'
  | 'invalid-address'
  | 'loopback-address'
  | 'edge-id-not-barred'
  | 'invalid-tags'
  | 'invalid-poll-interval'
  | 'invalid-settings'
  | 'tunnel-timeout'
  | 'agent-not-polling'
  | 'tunnel-disconnected'
  | 'wrong-credentials'
  | 'too-many-attempts'
  | 'api-key-not-found'
  | 'too-many-api-keys'
  | 'role-not-allowed'
  | 'read-only-access'
  | 'session-not-found'
  | 'user-not-found'
  | 'username-taken'
  | 'too-many-users'
  | 'last-admin'
  | 'invalid-username'
  | 'invalid-grants'
  | 'weak-password'
  | 'no-password-here'
  | 'sign-in-not-allowed'
  | 'current-password-wrong'
  | 'invalid-expiry'
  | 'unknown-event-type'
  | 'event-store-unavailable'
  | 'checkpoints-not-kept'
  | 'precondition-failed'
  | 'conflict';

export class ApplicationError extends Error {
  override readonly name = 'ApplicationError';
  readonly code: ApplicationErrorCode;
  /** Where the input is at fault: a JSON Pointer into it. */
  readonly pointer: string | undefined;
  /** With too-many-attempts, tunnel-timeout and event-store-unavailable: when it is worth trying again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ApplicationErrorCode,
    message: string,
    details: { readonly pointer?: string; readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.pointer = details.pointer;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
