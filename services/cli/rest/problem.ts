/** Turns the server's problem details (RFC 9457) into one line for people. */
import { CliError } from '../cli-error.ts';
import { programName } from '../program-name.ts';

interface Problem {
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly code?: unknown;
  readonly errors?: unknown;
}

/** The error for an answer that is none of the expected ones. `body` is its text. */
export function problemError(status: number, body: string, host: string): CliError {
  const problem = parse(body);
  const code = typeof problem.code === 'string' ? problem.code : `status-${status}`;
  if (code === 'wrong-credentials') return new CliError(code, `${host} knows no such username and password: try again`);
  if (status === 401) {
    return new CliError(code, `${host} does not accept this sign-in (${said(problem) ?? 'no or a revoked API key'}): run ${programName()} login https://${host}`);
  }
  if (code === 'loopback-address') return new CliError(code, "agents on other machines can't reach a loopback address: give one that they can call with --address HOST:PORT, or pass --allow-loopback where the agent runs on the server's own machine");
  const text = said(problem) ?? `${host} answered ${status}, which is no Homeport's answer: check the address`;
  const more = fieldErrors(problem).filter(({ reason }) => !text.toLowerCase().includes(reason.toLowerCase()));
  return new CliError(code, [text, ...more.map(({ place, reason }) => `${place} ${reason}`)].join(' '));
}

function said(problem: Problem): string | undefined {
  for (const text of [problem.detail, problem.title]) if (typeof text === 'string' && text !== '') return text;
  return undefined;
}

function fieldErrors({ errors }: Problem): readonly { readonly place: string; readonly reason: string }[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown) => {
    if (typeof error !== 'object' || error === null || !('reason' in error)) return [];
    const place = 'pointer' in error ? error.pointer : 'parameter' in error ? error.parameter : '';
    return [{ place: String(place), reason: String(error.reason) }];
  });
}

function parse(body: string): Problem {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
