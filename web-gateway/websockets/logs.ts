/** What a container has said and says, shown by a WebSocket. */
import type { ContainerSession } from './container-session.ts';
import { inspectContainer } from './inspect-container.ts';
import { showOutput } from './show-output.ts';

export interface LogsRequest {
  readonly follow: boolean;
  /** The last lines to begin with; undefined is all. */
  readonly tail: number | undefined;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly timestamps: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export async function runLogs(session: ContainerSession, { follow, tail, sinceMs, untilMs, timestamps, stdout, stderr }: LogsRequest): Promise<void> {
  const { engine, container, signal } = session;
  const { isTerminal } = await inspectContainer(session);
  const flag = (is: boolean): string => (is ? '1' : '0');
  const query = new URLSearchParams({
    follow: flag(follow),
    stdout: flag(stdout),
    stderr: flag(stderr),
    timestamps: flag(timestamps),
    tail: tail === undefined ? 'all' : String(tail),
    ...(sinceMs === undefined ? {} : { since: engineInstant(sinceMs) }),
    ...(untilMs === undefined ? {} : { until: engineInstant(untilMs) }),
  });
  const output = await engine.read({ method: 'GET', path: `/containers/${container}/logs?${query.toString()}`, signal });
  session.tell({ type: 'ready', tty: isTerminal });
  session.inbox.listen(() => undefined);
  await showOutput(session, output, isTerminal);
  session.end({ type: 'end' }, 'ended');
}

/** Seconds since 1970, with a fraction. */
function engineInstant(atMs: number): string {
  return `${Math.floor(atMs / 1000)}.${String(atMs % 1000).padStart(3, '0')}000000`;
}
