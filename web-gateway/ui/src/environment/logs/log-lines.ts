/** Makes lines of a container's output as it comes over the WebSocket: any bytes, of two streams or of a terminal. */

/** Standard output, standard error, or a terminal, which has both in one. */
export type LogStream = 'out' | 'err' | 'tty';

/** A line as it is shown. */
export interface LogLine {
  readonly stream: LogStream;
  /** As the engine wrote it, with nanoseconds; empty where it says none. */
  readonly at: string;
  readonly text: string;
}

/** A line as it came: most of a flood is never looked at any closer. */
export interface RawLine {
  readonly stream: LogStream;
  readonly raw: string;
}

/** Makes lines of one log; messages are given to it in order. */
export interface LogLines {
  /** What a message brings to an end. */
  take(message: Uint8Array): RawLine[];
  /** What is left without an end. */
  end(): RawLine[];
}

/** A longer one is cut: nobody reads it here, and it would slow the page. */
const LONGEST = 16_384;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;
const STREAMS: Readonly<Record<number, LogStream>> = { 1: 'out', 2: 'err' };

/** Its time and its text. */
export function lineOf({ stream, raw }: RawLine): LogLine {
  const found = TIMESTAMP.exec(raw);
  const text = (found === null ? raw : raw.slice(found[0].length)).replace(/\r$/, '');
  return { stream, at: found?.[1] ?? '', text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
}

/** @param isTerminal its bytes come as they are; else each message begins with a byte that says of which stream it is */
export function createLogLines(isTerminal: boolean): LogLines {
  const begun = new Map<LogStream, { readonly decoder: InstanceType<typeof TextDecoder>; text: string }>();

  return {
    take(message) {
      const stream = isTerminal ? 'tty' : (STREAMS[message[0] ?? 0] ?? 'out');
      let part = begun.get(stream);
      if (part === undefined) begun.set(stream, (part = { decoder: new TextDecoder(), text: '' }));
      const parts = (part.text + part.decoder.decode(isTerminal ? message : message.subarray(1), { stream: true })).split('\n');
      part.text = parts.pop() ?? '';
      // A line without an end must not grow for ever.
      if (part.text.length > 4 * LONGEST) {
        parts.push(part.text);
        part.text = '';
      }
      return parts.map((raw) => ({ stream, raw }));
    },
    end() {
      return [...begun].flatMap(([stream, { text }]) => (text === '' ? [] : [{ stream, raw: text }]));
    },
  };
}
