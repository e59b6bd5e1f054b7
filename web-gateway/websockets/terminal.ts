/** Joins a WebSocket and a process of an engine: bytes both ways, the end of input, and the size of the window. */
import type { Duplex } from 'node:stream';
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';
import { CallRefused, type EngineStream } from './engine-caller.ts';
import type { ClientMessage } from './inbox.ts';
import { showOutput } from './show-output.ts';

/** A terminal's window, in characters. */
export interface WindowSize {
  readonly cols: number;
  readonly rows: number;
}

export interface Terminal {
  readonly channel: EngineStream<Duplex>;
  readonly isTerminal: boolean;
  /** Where the engine is told of another size; without its query. */
  readonly resizePath: string;
  /** What to do with the client's other messages; false where it knows none such. */
  readonly onMessage?: (message: ClientMessage) => boolean;
}

const LARGEST_WINDOW = 10_000;

/** Resolves when the engine has said all; rejects with why it broke off. */
export function joinTerminal(session: ContainerSession, { channel, isTerminal, resizePath, onMessage = () => false }: Terminal): Promise<undefined> {
  const { stream } = channel;
  const resize = createResizer(session, resizePath);
  const shown = showOutput(session, channel, isTerminal);
  stream.on('drain', () => session.resume());
  // What a process reads ends where what it says has ended; so the engine knows that nobody is left.
  stream.once('end', () => stream.end());
  session.inbox.listen((said) => {
    if (said.kind === 'bytes') {
      // The process may have closed its input; what else it says is still shown.
      if (stream.writable && !stream.write(said.bytes)) session.pause();
    } else if (said.message.type === 'resize') {
      const { cols, rows } = said.message;
      const size = windowSize({ cols, rows });
      if (size === undefined) session.fail(new GatewayError('invalid-request', `resize takes cols and rows, from 1 to ${LARGEST_WINDOW}.`));
      else resize(size);
    } else if (said.message.type === 'eof') {
      if (stream.writable) stream.end();
    } else if (!onMessage(said.message)) {
      session.fail(new GatewayError('invalid-request', `There is no message of type ${said.message.type.slice(0, 40)} here.`));
    }
  });
  return shown;
}

/** Undefined where it is none. */
export function windowSize({ cols, rows }: { readonly cols?: unknown; readonly rows?: unknown }): WindowSize | undefined {
  const fits = (size: unknown): size is number => typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= LARGEST_WINDOW;
  return fits(cols) && fits(rows) ? { cols, rows } : undefined;
}

/** Tells the engine the latest size: while one is on its way, those between are left out. */
export function createResizer({ engine, signal, fail }: Pick<ContainerSession, 'engine' | 'signal' | 'fail'>, path: string): (size: WindowSize) => void {
  let wanted: WindowSize | undefined;
  let isSending = false;

  async function send(): Promise<void> {
    isSending = true;
    while (wanted !== undefined) {
      const { cols, rows } = wanted;
      wanted = undefined;
      await engine.ask({ method: 'POST', path: `${path}?h=${rows}&w=${cols}`, signal });
    }
  }

  return (size) => {
    wanted = size;
    if (isSending) return;
    send()
      .catch((error: unknown) => {
        // A process that has just ended has no window. What else goes wrong, goes wrong with the stream itself as well.
        if (!signal.aborted && !(error instanceof CallRefused)) fail(error);
      })
      .finally(() => (isSending = false));
  };
}
