/** What only an operator can mend about the tap, in words that say how. */

export type TapErrorCode =
  /** The address is none, or what proves who asks contradicts itself. */
  | 'nats-settings-invalid'
  /** A file that the settings name can't be read. */
  | 'nats-file-unreadable'
  /** The stream that is there does not take our subjects. */
  | 'nats-stream-unsuitable'
  /** The stream's last message is gone, and nobody remembers where it stood. */
  | 'nats-stream-place-unknown';

/** Recognise it by its code; no message holds a secret. */
export class TapError extends Error {
  override readonly name = 'TapError';
  readonly code: TapErrorCode;

  constructor(code: TapErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
