/** A container's log as it comes, followed by a worker of its own for as long as it is shown. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { containerSocketUrl, type SocketTarget } from '../container/container-socket.ts';
import { emptyBuffer, withBatch, type LogBuffer } from './log-buffer.ts';
import type { FromLogWorker, LogState, ToLogWorker } from './log-messages.ts';

/** A log as it is by now. */
export interface FollowedLog {
  readonly buffer: LogBuffer;
  readonly state: LogState;
  /** Forgets what was shown; what follows goes on. */
  clear(): void;
  /** From the start, after it failed. */
  again(): void;
}

/**
 * @param tail how many of the last lines to begin with, or `all`
 * @param isRunning whether the container runs: its log goes on when it does again
 */
export function useLogLines({ environmentId, node, container }: SocketTarget, tail: string, isRunning: boolean): FollowedLog {
  const [buffer, setBuffer] = useState(emptyBuffer);
  const [state, setState] = useState<LogState>({ is: 'connecting' });
  const [attempt, setAttempt] = useState(0);
  const following = useRef<Worker>(undefined);

  useEffect(() => {
    const worker = new Worker(new URL('./log-worker.ts', import.meta.url), { type: 'module' });
    following.current = worker;
    let isFirst = true;
    const tell = (message: ToLogWorker): void => worker.postMessage(message);
    const isHidden = (): void => tell({ type: 'hidden', isHidden: document.hidden });
    worker.addEventListener('message', ({ data }: MessageEvent<FromLogWorker>) => {
      if (data.type === 'state') setState(data.state);
      else {
        const before = isFirst ? emptyBuffer : undefined;
        isFirst = false;
        setBuffer((now) => withBatch(before ?? now, data.batch));
      }
    });
    isHidden();
    tell({ type: 'follow', url: containerSocketUrl({ environmentId, node, container }, 'logs', { timestamps: true }), tail });
    document.addEventListener('visibilitychange', isHidden);
    return () => {
      document.removeEventListener('visibilitychange', isHidden);
      worker.terminate();
    };
  }, [environmentId, node, container, tail, attempt]);

  useEffect(() => {
    if (isRunning && state.is === 'ended') following.current?.postMessage({ type: 'resume' } satisfies ToLogWorker);
  }, [isRunning, state]);

  return useMemo(
    () => ({ buffer, state, clear: () => setBuffer((now) => ({ lines: [], dropped: (now.lines.at(-1)?.number ?? now.dropped - 1) + 1 })), again: () => setAttempt((one) => one + 1) }),
    [buffer, state],
  );
}
