/** Opens a TCP connection to the control plane, directly or through the proxy. */
import * as http from 'node:http';
import type * as net from 'node:net';
import { formatHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { connectAny } from './connect-any.ts';
import { ConnectFailure, connectFailureFrom } from './connect-failure.ts';
import type { ConnectFailureCode } from './connect-failure.ts';
import type { Proxy } from './proxy.ts';

/** Resolves with a connected socket. Throws {@link ConnectFailure}, or the signal's reason. */
export async function openSocket(target: HostPort, proxy: Proxy | undefined, signal: AbortSignal): Promise<net.Socket> {
  signal.throwIfAborted();
  try {
    return await connectAny(proxy?.address ?? target, signal).then((socket) => (proxy === undefined ? socket : connectThrough(socket, proxy, target, signal)));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectFailure || proxy === undefined) throw connectFailureFrom(error);
    throw new ConnectFailure('proxy-unreachable', error instanceof Error ? error.message : String(error), error);
  }
}

function connectThrough(toProxy: net.Socket, proxy: Proxy, target: HostPort, signal: AbortSignal): Promise<net.Socket> {
  const path = formatHostPort(target);
  const authorization = proxy.userInfo === undefined ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(proxy.userInfo).toString('base64')}` };
  const request = http.request({ method: 'CONNECT', path, headers: { Host: path, ...authorization }, createConnection: () => toProxy, signal });
  return new Promise((resolve, reject) => {
    const refused = (statusCode: number): void => reject(new ConnectFailure(refusalCode(statusCode), `the proxy answered ${String(statusCode)} to CONNECT ${path}`));
    request.once('connect', (response: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return refused(response.statusCode ?? 0);
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      refused(response.statusCode ?? 0);
    });
    request.once('error', reject);
    request.end();
  });
}

/** What a proxy says of itself, and what of the address behind it. */
function refusalCode(statusCode: number): ConnectFailureCode {
  if (statusCode === 407) return 'proxy-unauthorized';
  return [502, 503, 504].includes(statusCode) ? 'proxy-cannot-connect' : 'proxy-refused';
}
