/** What goes wrong with a call, in the server's own words where it said any. */
import { withVisibleControls } from './visible-controls.ts';

/** RFC 9457 problem details, or what stands in for them. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Stable, kebab-case: docs/errors.md has them. `unreachable` where no answer came. */
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;
  /** Each fault of the input. */
  readonly faults: readonly Fault[];
  /** When to try again, where the server says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, status: number, message: string, faults: readonly Fault[] = [], retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.faults = faults;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** What is wrong with one field of the input; `pointer` is a JSON Pointer such as `/name`. */
  faultAt(pointer: string): string | undefined {
    return this.faults.find((fault) => fault.pointer === pointer)?.reason;
  }
}

/** A fault of the input, and where it is. */
export interface Fault {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly reason: string;
}

/** Reads an answer that says that something failed: problem details, or the Docker API's `message`. */
export async function errorOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
  const said = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string; message?: string; errors?: readonly Fault[] };
  const message = said.detail ?? said.message ?? said.title ?? `The server answered ${response.status}.`;
  // Of an engine they are its own.
  return new ApiError(said.code ?? `status-${response.status}`, response.status, withVisibleControls(message), said.errors ?? [], retryAfterSeconds);
}

/** Whatever was thrown, in words for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether it is an answer with one of these codes: docs/errors.md. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof ApiError && codes.includes(error.code);
}
