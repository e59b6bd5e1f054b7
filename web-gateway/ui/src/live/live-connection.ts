/** The WebSocket that says what changed: opened again by itself, going on where it broke off. */
import { createAttempts } from '../api/attempts.ts';
import { socketUrl } from '../api/socket-url.ts';

/** One thing that changed; docs/websockets.md. */
export interface Change {
  readonly kind: 'environment' | 'agent' | 'heartbeat' | 'poll' | 'tunnel' | 'snapshot' | 'activity' | 'refusal' | 'account' | 'settings' | 'checkpoint';
  readonly environmentId: string | null;
  readonly node?: string | null;
  readonly userId?: string;
  /** The types of the events. */
  readonly types: readonly string[];
}

/** `away` is tried again by itself. */
export type LiveState = 'connecting' | 'live' | 'away';

/** Open until it is closed, or the session ends. */
export interface LiveConnection {
  close(): void;
}

type Message = { readonly position?: string | null } & (
  | { readonly type: 'ready'; readonly resumed: boolean }
  | { readonly type: 'change'; readonly changes: readonly Change[] }
  | { readonly type: 'reset' | 'beat' }
  | { readonly type: 'error'; readonly code: string }
);

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;
/** The server beats every 15 s; a connection that is silent for longer is dead, whatever it says. */
const SILENCE_MS = 35_000;
/** One that is accepted and not spoken on, as by a server that is stopping or a proxy without one, is given up sooner. */
const OPENING_MS = 10_000;

/** What is told of it. */
export interface LiveListener {
  readonly onState: (state: LiveState) => void;
  readonly onChanges: (changes: readonly Change[]) => void;
  /** Changes were missed: everything is to be asked for again. */
  readonly onReset: () => void;
  /** The session is over. */
  readonly onSignedOut: () => void;
}

/** Opens it; it stays until it is closed, or the session ends. */
export function openLiveConnection({ onState, onChanges, onReset, onSignedOut }: LiveListener): LiveConnection {
  let position: string | undefined;
  const attempts = createAttempts({ firstPauseMs: FIRST_PAUSE_MS, longestPauseMs: LONGEST_PAUSE_MS });
  let isFirst = true;
  let isClosed = false;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    const opened = new WebSocket(socketUrl('/api/v1/live', { after: position }));
    socket = opened;
    watch(opened, OPENING_MS);
    opened.addEventListener('message', ({ data }) => {
      watch(opened);
      take(JSON.parse(String(data)) as Message);
    });
    opened.addEventListener('close', ({ code }) => over(opened, code));
  }

  function take(message: Message): void {
    if (typeof message.position === 'string') ({ position } = message);
    switch (message.type) {
      case 'ready':
        attempts.works();
        // What was asked for before the first connection stood may be old already.
        if (!message.resumed && !isFirst) onReset();
        isFirst = false;
        return onState('live');
      case 'change':
        return onChanges(message.changes);
      case 'reset':
        return onReset();
      case 'beat':
      case 'error':
    }
  }

  function watch(watched: WebSocket, silenceMs = SILENCE_MS): void {
    clearTimeout(timer);
    timer = setTimeout(() => over(watched, 0), silenceMs);
  }

  function over(ended: WebSocket, code: number): void {
    if (isClosed || ended !== socket) return;
    clearTimeout(timer);
    socket = undefined;
    ended.close();
    if (code === 4401) return onSignedOut();
    onState('away');
    timer = setTimeout(connect, attempts.nextPauseMs());
  }

  onState('connecting');
  connect();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
