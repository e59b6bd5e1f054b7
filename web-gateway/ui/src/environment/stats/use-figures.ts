/** A container's figures, about every second, for as long as they are shown; taken up again where they break off. */
import { useEffect, useState } from 'react';
import { createAttempts } from '../../api/attempts.ts';
import { serverNow } from '../../time/server-clock.ts';
import { containerSocketUrl, type SocketTarget } from '../container/container-socket.ts';
import { endInWords, mayComeBack } from '../container/socket-end.ts';
import { figuresOf, type ApiStats, type Figures } from './container-figures.ts';

/** As they are by now. */
export interface FollowedFigures {
  /** Oldest first: five minutes. */
  readonly samples: readonly Figures[];
  /** Null while they come. */
  readonly trouble: string | null;
}

const MOST_SAMPLES = 300;

/** Begins again with another container. */
export function useFigures({ environmentId, node, container }: SocketTarget): FollowedFigures {
  const [samples, setSamples] = useState<readonly Figures[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);

  useEffect(() => {
    let isClosed = false;
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attempts = createAttempts();
    function follow(): void {
      let message: string | undefined;
      socket = new WebSocket(containerSocketUrl({ environmentId, node, container }, 'stats'));
      socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const said = JSON.parse(data) as { readonly type: string; readonly stats?: ApiStats; readonly message?: string };
        if (said.type === 'error') ({ message } = said);
        if (said.type !== 'stats' || said.stats === undefined) return;
        attempts.works();
        setTrouble(null);
        const figures = figuresOf(said.stats, serverNow());
        setSamples((now) => [...now.slice(1 - MOST_SAMPLES), figures]);
      });
      socket.addEventListener('close', ({ code, reason }) => {
        if (isClosed) return;
        const end = { code, reason, message };
        if (code === 1000) return setTrouble('The container is no longer running.');
        if (!mayComeBack(end)) return setTrouble(endInWords(end));
        setTrouble(`Reconnecting: ${endInWords(end)}`);
        timer = setTimeout(follow, attempts.nextPauseMs());
      });
    }
    setSamples([]);
    follow();
    return () => {
      isClosed = true;
      clearTimeout(timer);
      socket?.close();
    };
  }, [environmentId, node, container]);

  return { samples, trouble };
}
