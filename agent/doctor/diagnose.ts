/** Goes through all that an agent needs, in the order in which it needs it, up to the first that fails. */
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { ConnectFailure, connectFailureFrom } from '../connection/connect-failure.ts';
import { withDeadline } from '../connection/deadline.ts';
import type { AgentOptions } from '../options.ts';
import { createChecks } from './checks.ts';
import { DoctorFailure } from './doctor-failure.ts';

/** What is checked, in this order. */
export type CheckName = 'data-path' | 'dns' | 'proxy' | 'api-port' | 'certificate' | 'tunnel-port' | 'pin' | 'credentials' | 'docker-socket';

export interface FailedCheck {
  readonly check: CheckName;
  readonly isFine: false;
  /** Stable, kebab-case: those of docs/protocol.md that an agent logs. */
  readonly code: string;
  /** What was seen. */
  readonly detail: string;
  /** What it means and what to do. */
  readonly advice: string;
}

export type Finding = FailedCheck | { readonly check: CheckName; readonly isFine: true; readonly detail: string };

const CHECK_MS = 15_000;

/** Checks. `found` gets each finding as it is made. Resolves with the first failure, or undefined where all is well. Throws the signal's reason. */
export async function diagnose(options: AgentOptions, { signal, found }: { readonly signal: AbortSignal; readonly found: (finding: Finding) => void }): Promise<FailedCheck | undefined> {
  // gRPC would write to the console by itself what is said here in words.
  setLogVerbosity(logVerbosity.NONE);
  const checks = createChecks(options);
  try {
    for (const [check, run] of checks.inOrder) {
      const deadline = withDeadline(signal, CHECK_MS, () => new ConnectFailure('connection-timeout'));
      try {
        found({ check, isFine: true, detail: await run(deadline.signal) });
      } catch (error) {
        signal.throwIfAborted();
        const failure = error instanceof DoctorFailure ? error : fromConnecting(error);
        const finding: FailedCheck = { check, isFine: false, code: failure.code, detail: failure.detail, advice: failure.message };
        found(finding);
        return finding;
      } finally {
        deadline.clear();
      }
    }
    return undefined;
  } finally {
    checks.close();
  }
}

function fromConnecting(error: unknown): DoctorFailure {
  const { code, message, detail } = connectFailureFrom(error);
  return new DoctorFailure(code, message, detail ?? code, error);
}
