/** Answers plain HTTP on a port that speaks TLS: with the same address by https, not with silence. */
import type { Socket } from 'node:net';

const MAX_HEAD_BYTES = 8192;

/**
 * Reads one request head from the socket and ends it with a redirect to https on the same host, port and path (308, so that
 * methods stay), or with 400 where the request names no host. `deadlineMs` bounds the whole.
 */
export function redirectToHttps(socket: Socket, deadlineMs: number): void {
  const timer = setTimeout(() => socket.destroy(), deadlineMs);
  socket.once('close', () => clearTimeout(timer));
  let head = '';
  const read = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    const isWhole = head.includes('\r\n\r\n');
    if (!isWhole && head.length < MAX_HEAD_BYTES) return;
    socket.off('data', read).resume();
    socket.end(isWhole ? redirectFor(head) : answer('400 Bad Request'));
  };
  socket.on('data', read);
  socket.on('end', () => socket.end());
  socket.resume();
}

function redirectFor(head: string): string {
  const path = /^[A-Z]+ (\/[!-~]*) HTTP\/1\.[01]\r\n/.exec(head)?.[1];
  const host = /\r\nhost:[ \t]*((?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?)[ \t]*\r\n/i.exec(head)?.[1];
  if (path === undefined || host === undefined) return answer('400 Bad Request');
  return answer('308 Permanent Redirect', `Location: https://${host}${path}\r\n`);
}

function answer(status: string, header = ''): string {
  const body = 'This port speaks HTTPS: use https:// instead of http://.\n';
  return `HTTP/1.1 ${status}\r\n${header}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
