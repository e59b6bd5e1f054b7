/** A terminal on the page, joined to a process in a container by a WebSocket. */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { endInWords } from '../container/socket-end.ts';

/** connecting → open → exited, detached or broken; broken also from connecting. */
export type TerminalState =
  | { readonly is: 'connecting' }
  | { readonly is: 'open' }
  /** The process ended; null where its engine does not say how. */
  | { readonly is: 'exited'; readonly code: number | null }
  | { readonly is: 'detached' }
  | { readonly is: 'broken'; readonly why: string };

/** A terminal that is on the page, until it is closed. */
export interface TerminalSession {
  focus(): void;
  /** Empty where nothing is selected. */
  selection(): string;
  paste(text: string): void;
  showToScreenReaders(is: boolean): void;
  close(): void;
}

/** What it is joined to, and whom it tells. */
export interface TerminalOptions {
  readonly element: HTMLElement;
  readonly url: string;
  /** Said first, with the window's size; null where the address says all. */
  readonly start: Readonly<Record<string, unknown>> | null;
  readonly isForScreenReaders: boolean;
  readonly onState: (state: TerminalState) => void;
  readonly onSize: (size: { readonly cols: number; readonly rows: number }) => void;
  /** The keys that lead out of the terminal were pressed. */
  readonly onLeave: () => void;
}

/** Bytes that are not drawn yet; over it some are left out, for a browser's WebSocket knows no waiting. */
const MOST_PENDING = 8 * 1024 * 1024;
const THEME = { background: '#0b1418', foreground: '#dbe3e6', cursor: '#f1ae3d', selectionBackground: '#2f5a63' };

/** Joins it, and gives it the focus. What goes wrong is told as a state. */
export function openTerminal({ element, url, start, isForScreenReaders, onState, onSize, onLeave }: TerminalOptions): TerminalSession {
  const terminal = new Terminal({ cursorBlink: true, fontSize: 13, fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace', scrollback: 10_000, minimumContrastRatio: 4.5, screenReaderMode: isForScreenReaders, theme: THEME });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  fit.fit();
  // Escape is the shell's, not the drawer's.
  terminal.textarea?.setAttribute('data-mantine-stop-propagation', 'true');
  onState({ is: 'connecting' });

  const query = start === null ? `${url.includes('?') ? '&' : '?'}cols=${terminal.cols}&rows=${terminal.rows}` : '';
  const socket = new WebSocket(`${url}${query}`);
  socket.binaryType = 'arraybuffer';
  const encoder = new TextEncoder();
  let isOver = false;
  let isTerminal = true;
  let pending = 0;
  let hasSkipped = false;
  let message: string | undefined;

  const send = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
  const tell = (said: object): void => send(JSON.stringify(said));
  const over = (state: TerminalState): void => {
    if (isOver) return;
    isOver = true;
    terminal.options.cursorBlink = false;
    terminal.options.disableStdin = true;
    onState(state);
  };

  function show(bytes: Uint8Array): void {
    if (pending > MOST_PENDING) {
      hasSkipped = true;
      return;
    }
    pending += bytes.length;
    if (hasSkipped) terminal.write('\r\n[some output was left out: more came than can be shown]\r\n');
    hasSkipped = false;
    terminal.write(bytes, () => (pending -= bytes.length));
  }

  socket.addEventListener('open', () => {
    if (start !== null) tell({ type: 'start', ...start, cols: terminal.cols, rows: terminal.rows });
  });
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') {
      const bytes = new Uint8Array(data);
      return show(isTerminal ? bytes : bytes.subarray(1));
    }
    const said = JSON.parse(data) as { readonly type: string; readonly tty?: boolean; readonly code?: number | null; readonly message?: string };
    switch (said.type) {
      case 'ready':
        isTerminal = said.tty !== false;
        // Without a terminal there, lines end as files' do.
        terminal.options.convertEol = !isTerminal;
        return onState({ is: 'open' });
      case 'exit':
        return over({ is: 'exited', code: said.code ?? null });
      case 'detached':
        return over({ is: 'detached' });
      case 'error':
        ({ message } = said);
    }
  });
  socket.addEventListener('close', ({ code, reason }) => over({ is: 'broken', why: endInWords({ code, reason, message }) }));

  terminal.onData((data) => send(encoder.encode(data)));
  terminal.onBinary((data) => send(Uint8Array.from(data, (character) => character.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => {
    onSize({ cols, rows });
    if (isTerminal) tell({ type: 'resize', cols, rows });
  });
  onSize({ cols: terminal.cols, rows: terminal.rows });

  terminal.attachCustomKeyEventHandler((event) => {
    // The keyboard's own traps around it must not see what is the shell's.
    if (event.key === 'Tab') event.stopPropagation();
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return true;
    if (event.code === 'KeyV') return false;
    if (event.code !== 'KeyC' && event.code !== 'KeyE') return true;
    event.preventDefault();
    if (event.type !== 'keydown') return false;
    if (event.code === 'KeyE') onLeave();
    else if (terminal.hasSelection()) void navigator.clipboard.writeText(terminal.getSelection());
    return false;
  });

  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => fit.fit());
  });
  observer.observe(element);
  terminal.focus();

  return {
    focus: () => terminal.focus(),
    selection: () => terminal.getSelection(),
    paste: (text) => terminal.paste(text),
    showToScreenReaders(is) {
      terminal.options.screenReaderMode = is;
    },
    close() {
      isOver = true;
      cancelAnimationFrame(frame);
      observer.disconnect();
      socket.close();
      terminal.dispose();
    },
  };
}
