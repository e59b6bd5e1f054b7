/** A decider's "no": the command is understood and not possible in this state. */

export type RefusalCode =
  | 'unknown-environment'
  | 'environment-exists'
  | 'environment-removed'
  | 'edge-id-mismatch'
  | 'edge-id-barred'
  | 'edge-id-not-barred'
  | 'duplicate-agent'
  | 'tunnel-certificate-replaced'
  | 'unknown-credentials'
  | 'credentials-used'
  | 'credentials-expired'
  | 'credentials-revoked'
  | 'wrong-secret'
  | 'unknown-user'
  | 'user-exists'
  | 'user-removed'
  | 'grants-not-for-role'
  | 'no-password-here'
  | 'unknown-api-key';

/** Thrown by `decide`; recognise it by its code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
