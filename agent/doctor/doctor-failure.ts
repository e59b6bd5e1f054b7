/** A check that failed, with what to do. */

export class DoctorFailure extends Error {
  override readonly name = 'DoctorFailure';
  /** Stable, kebab-case. */
  readonly code: string;
  /** What was seen. */
  readonly detail: string;

  /** `message` says what it means and what to do. */
  constructor(code: string, message: string, detail: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.detail = detail;
  }
}
