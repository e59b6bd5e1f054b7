/** Keeps what is shown of an engine as it is: it tells what happens on it, whoever caused it, and the lists are asked for again. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { createAttempts } from '../../api/attempts.ts';
import { socketUrl } from '../../api/socket-url.ts';
import { mayComeBack } from '../container/socket-end.ts';
import { engineKey } from './use-rows.ts';

/** Gathered for so long: a project that is started is many events. */
const GATHER_MS = 300;

/** What an event of a kind makes old: a task is a container, and counts for its service. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  container: ['containers', 'container', 'tasks', 'services'],
  image: ['images'],
  volume: ['volumes'],
  network: ['networks'],
  service: ['services', 'tasks'],
  node: ['nodes'],
};

/** A WebSocket, for a browser has six connections for all its tabs, and none to give away for ever. @param isOpen whether the tunnel is */
export function useEngineEvents(environmentId: string, node: string | undefined, isOpen: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isOpen) return undefined;
    let isClosed = false;
    let socket: WebSocket | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attempts = createAttempts();
    const stale = new Set<string>();

    function flush(): void {
      timer = undefined;
      const sections = new Set(stale);
      stale.clear();
      void client.invalidateQueries({ queryKey: engineKey(environmentId, node), predicate: ({ queryKey }) => sections.has(String(queryKey[3])) });
    }

    function follow(): void {
      socket = new WebSocket(socketUrl(`/api/v1/environments/${environmentId}/engine-events`, { node }));
      socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const said = JSON.parse(data) as { readonly type: string; readonly kind?: string };
        if (said.type === 'ready') {
          attempts.works();
          // What happened before it was listened to was not heard.
          void client.invalidateQueries({ queryKey: engineKey(environmentId, node) });
        }
        if (said.type !== 'event') return;
        for (const section of STALE[said.kind ?? ''] ?? []) stale.add(section);
        timer ??= setTimeout(flush, GATHER_MS);
      });
      socket.addEventListener('close', ({ code, reason }) => {
        if (isClosed || !mayComeBack({ code: code === 1000 ? 1006 : code, reason, message: undefined })) return;
        retry = setTimeout(follow, attempts.nextPauseMs());
      });
    }

    follow();
    return () => {
      isClosed = true;
      clearTimeout(retry);
      clearTimeout(timer);
      socket?.close();
    };
  }, [client, environmentId, node, isOpen]);
}
