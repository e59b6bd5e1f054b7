/** What ends the agent because trying again can't mend it. */

/** Thrown before the agent starts: an option that can't be used. One line that names the option and says what to do. */
export class AgentOptionsError extends Error {
  override readonly name = 'AgentOptionsError';
  /** Stable, kebab-case: malformed-token, malformed-edge-id, or invalid-option. */
  readonly code: string;
  /** Misuse. */
  readonly exitCode = 2;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
