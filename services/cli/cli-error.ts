/** The command line's own error, and how any error becomes one line on stderr and an exit code. */

/** 1: it failed. 2: it was asked for wrongly. */
export type FailureCode = 1 | 2;

/** A failure whose message says, on one line, what is wrong and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** Stable, kebab-case. */
  readonly code: string;
  readonly exitCode: FailureCode;

  constructor(code: string, message: string, options: { readonly exitCode?: FailureCode; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A {@link CliError} for wrong use: exit code 2. */
export function misuse(message: string): CliError {
  return new CliError('misuse', message, { exitCode: 2 });
}

/** The line for stderr. Errors without a code of ours are unexpected, and say how to see where they come from. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/\s*\n\s*/g, ' ').trim();
  if (hasCode(error)) return line;
  return `unexpected failure: ${line} (set HOMEPORT_DEBUG=1 to see where)`;
}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): FailureCode {
  return error instanceof CliError ? error.exitCode : 1;
}

function hasCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
