/** Turns whatever was thrown into what is answered: RFC 9457 problem details, or the Docker API's error under /docker/. */
import { ApplicationError } from '../../services/application/ports/application-error.ts';
import { GatewayError, type InputFault } from './gateway-error.ts';
import { isErrorCode, problemTable, type ErrorCode } from './problem-table.ts';

/** An error on its way to the client. */
export interface Problem {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  /** Says what happened this time, and what to do where that is known. */
  readonly detail: string;
  readonly faults: readonly InputFault[];
  readonly headers: Readonly<Record<string, string>>;
}

/** RFC 9457 as JSON. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly errors?: readonly InputFault[];
  readonly instance?: string;
}

const CODES_OF_THE_READ_MODELS: ReadonlySet<unknown> = new Set(['projections-failed', 'query-failed', 'projections-closed']);

/** Errors are recognised by their code; what has none of ours is an internal error, and tells the client nothing else. */
export function problemOf(error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Why is in the log: it is in the words of SQLite, and names files.
  if (CODES_OF_THE_READ_MODELS.has(code)) return problem('projections-unavailable', 'The read models can’t answer now; the server’s log says why.', [], {}, undefined);
  if (!(error instanceof Error) || !isErrorCode(code)) return problem('internal-error', 'The server could not do this; its log says why.', [], {}, undefined);
  if (error instanceof GatewayError) return problem(error.code, error.message, error.faults, error.headers, undefined);
  if (!(error instanceof ApplicationError)) return problem(code, error.message, [], {}, undefined);
  const faults = error.pointer === undefined ? [] : [{ pointer: error.pointer, reason: error.message }];
  return problem(error.code, error.message, faults, {}, error.retryAfterSeconds);
}

/** The same for an admin who builds the read models anew, and needs to know that the disk is full, say. */
export function problemInFull(error: unknown): Problem {
  const told = problemOf(error);
  return told.code === 'projections-unavailable' && error instanceof Error ? { ...told, detail: sentence(error.message) } : told;
}

function problem(
  code: ErrorCode,
  detail: string,
  faults: readonly InputFault[],
  headers: Readonly<Record<string, string>>,
  retryAfterSeconds: number | undefined,
): Problem {
  const { status, title, retryAfterSeconds: usual } = problemTable[code];
  const retryAfter = retryAfterSeconds ?? usual;
  return {
    code,
    status,
    title,
    detail: sentence(detail),
    faults,
    headers: {
      ...headers,
      ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...(status === 401 && code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="homeport"' } : {}),
    },
  };
}

/** As a sentence, unless it begins with a name such as pollIntervalSeconds. */
function sentence(text: string): string {
  const begun = text.replace(/^[a-z]+(?=[ ,.]|$)/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** @param requestId also the correlation id of the events that the request caused, where it caused any. */
export function problemDetails({ code, title, status, detail, faults }: Problem, requestId?: string): ProblemDetails {
  return {
    type: `urn:homeport:error:${code}`,
    title,
    status,
    detail,
    code,
    ...(faults.length === 0 ? {} : { errors: faults }),
    ...(requestId === undefined ? {} : { instance: `urn:uuid:${requestId}` }),
  };
}

/** What the Docker CLI and SDKs print. */
export function dockerError({ code, detail }: Problem): { readonly message: string; readonly code: ErrorCode } {
  return { message: detail, code };
}
