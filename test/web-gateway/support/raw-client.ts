/** Reading a bare connection by hand. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { apiKey } from './fake-accounts.ts';

/** A request head with an admin's key. `extra` lines need no line end. */
export function requestHead(method: string, target: string, extra: readonly string[] = []): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: homeport', `Authorization: Bearer ${apiKey('admin')}`, ...extra].join('\r\n')}\r\n\r\n`;
}

/** Reads up to and including the marker, and leaves what follows on the stream. */
export async function readUntil(stream: Duplex, marker: string): Promise<string> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) {
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(marker);
      if (at !== -1) {
        const end = at + marker.length;
        if (end < seen.length) stream.unshift(seen.subarray(end));
        return seen.subarray(0, end).toString('latin1');
      }
    } else if (stream.readableEnded || stream.destroyed) {
      throw new Error(`the connection ended before ${JSON.stringify(marker)}: ${seen.toString('latin1')}`);
    } else {
      await Promise.race([once(stream, 'readable'), once(stream, 'end'), once(stream, 'close')]);
    }
  }
}

/** The head of a response. */
export function readHead(stream: Duplex): Promise<string> {
  return readUntil(stream, '\r\n\r\n');
}

/** Everything until the stream's end; unlike stream/consumers it leaves the writing side alone. */
export function readToEnd(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the connection broke')));
    stream.resume();
  });
}

/** As {@link readToEnd}, as text. */
export async function readText(stream: Duplex): Promise<string> {
  return (await readToEnd(stream)).toString('latin1');
}
