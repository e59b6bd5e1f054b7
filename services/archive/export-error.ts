/** Why an export or a backup can't be used, as stable codes. */

export type ExportErrorCode =
  | 'backup-altered'
  | 'backup-too-new'
  | 'backup-unreadable'
  | 'data-directory-not-empty'
  | 'event-store-not-empty'
  | 'event-store-not-named'
  | 'export-altered'
  | 'export-too-new'
  | 'export-unreadable'
  | 'export-without-proof'
  | 'import-differs'
  | 'no-data-directory';

/** The message is one line that says what to do. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly code: ExportErrorCode;

  constructor(code: ExportErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
