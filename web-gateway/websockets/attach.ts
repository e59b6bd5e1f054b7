/** A container's own process, joined to a WebSocket until it exits or the client detaches. */
import type { ContainerSession } from './container-session.ts';
import { CallRefused } from './engine-caller.ts';
import { howItEnded, type ProcessState } from './how-it-ended.ts';
import { inspectContainer } from './inspect-container.ts';
import { createResizer, joinTerminal, type WindowSize } from './terminal.ts';

export interface AttachRequest {
  /** Whether its standard input is joined too. */
  readonly stdin: boolean;
  /** Whether what it said before is shown first. */
  readonly logs: boolean;
  readonly detachKeys: string | undefined;
  readonly size: WindowSize | undefined;
}

export async function runAttach(session: ContainerSession, { stdin, logs, detachKeys, size }: AttachRequest): Promise<void> {
  const { engine, container, signal } = session;
  const { isTerminal } = await inspectContainer(session);
  const query = new URLSearchParams({ stream: '1', stdin: stdin ? '1' : '0', stdout: '1', stderr: '1', logs: logs ? '1' : '0', ...(detachKeys === undefined ? {} : { detachKeys }) });
  const channel = await engine.converse({ method: 'POST', path: `/containers/${container}/attach?${query.toString()}`, signal });
  const resizePath = `/containers/${container}/resize`;
  session.tell({ type: 'ready', tty: isTerminal });
  // A shell shows its prompt again only where its window changes, which one of the same size would not.
  if (isTerminal && size !== undefined) {
    const resize = createResizer(session, resizePath);
    resize({ cols: size.cols, rows: size.rows + 1 });
    resize(size);
  }
  await joinTerminal(session, {
    channel,
    isTerminal,
    resizePath,
    onMessage({ type }) {
      if (type !== 'detach') return false;
      session.end({ type: 'detached' }, 'detached');
      return true;
    },
  });
  const { isRunning, exitCode } = await howItStands(session);
  if (isRunning) session.end({ type: 'detached' }, 'detached');
  else session.end({ type: 'exit', code: exitCode }, 'exited');
}

/** Of a container that was removed as it ended, nobody knows the exit code any more. */
async function howItStands(session: ContainerSession): Promise<ProcessState> {
  try {
    return await howItEnded(() => inspectContainer(session), session.signal);
  } catch (error) {
    if (session.signal.aborted || !(error instanceof CallRefused)) throw error;
    return { isRunning: false, exitCode: null };
  }
}
