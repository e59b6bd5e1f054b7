/** What the gateway itself refuses a request with. */
import type { GatewayErrorCode } from './problem-table.ts';

/** One fault in the input. */
export interface InputFault {
  /** A JSON Pointer into the body. */
  readonly pointer?: string;
  /** The query parameter or path parameter at fault. */
  readonly parameter?: string;
  readonly reason: string;
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly faults: readonly InputFault[];
  /** Sent along with the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: GatewayErrorCode,
    message: string,
    details: { readonly faults?: readonly InputFault[]; readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.faults = details.faults ?? [];
    this.headers = details.headers ?? {};
  }
}
