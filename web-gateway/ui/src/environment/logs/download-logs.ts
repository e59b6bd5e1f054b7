/** A container's logs as the text of a file. */
import { containerSocketUrl, type SocketTarget } from '../container/container-socket.ts';
import { endInWords } from '../container/socket-end.ts';
import type { BufferedLine } from './log-buffer.ts';
import { createLogLines, lineOf } from './log-lines.ts';

/** A browser keeps it in memory until it is saved. */
const MOST_CHARACTERS = 256 * 1024 * 1024;

/** A line as it is saved: when it was said, on which stream, and what. */
export function textOf({ at, stream, text }: Pick<BufferedLine, 'at' | 'stream' | 'text'>): string {
  return `${at === '' ? '' : `${at} `}${stream === 'err' ? 'stderr ' : stream === 'out' ? 'stdout ' : ''}${text}\n`;
}

/** All that the engine has, from its first line, in pieces. Rejects with an Error that says why it broke off. */
export function allLogs(target: SocketTarget, signal: AbortSignal): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const socket = new WebSocket(containerSocketUrl(target, 'logs', { follow: false, tail: 'all', timestamps: true }));
  socket.binaryType = 'arraybuffer';
  const parts: string[] = [];
  let characters = 0;
  let lines = createLogLines(false);
  let message: string | undefined;
  const put = (text: string): void => {
    parts.push(text);
    characters += text.length;
    if (characters > MOST_CHARACTERS) {
      socket.close();
      reject(new Error('It is more than a browser can keep: use docker logs through homeport connect.'));
    }
  };
  signal.addEventListener('abort', () => socket.close(), { once: true });
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') return put(lines.take(new Uint8Array(data)).map((line) => textOf(lineOf(line))).join(''));
    const said = JSON.parse(data) as { readonly type: string; readonly tty?: boolean; readonly message?: string };
    if (said.type === 'ready') lines = createLogLines(said.tty === true);
    else if (said.type === 'end') {
      put(lines.end().map((line) => textOf(lineOf(line))).join(''));
      resolve(parts);
    } else if (said.type === 'error') ({ message } = said);
  });
  socket.addEventListener('close', ({ code, reason }) => reject(new Error(endInWords({ code, reason, message }))));
  return promise;
}
