/** Opens a TCP connection to the control plane, directly or through the proxy. */
import * as http from 'node:http';
import * as net from 'node:net';
import { formatHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { ConnectFailure, connectFailureFrom } from './connect-failure.ts';
import type { Proxy } from './proxy.ts';

/** Resolves with a connected socket. Throws {@link ConnectFailure}, or the signal's reason. */
export async function openSocket(target: HostPort, proxy: Proxy | undefined, signal: AbortSignal): Promise<net.Socket> {
  signal.throwIfAborted();
  return proxy === undefined ? connectDirectly(target, signal) : connectThrough(proxy, target, signal);
}

function connectDirectly({ host, port }: HostPort, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true });
    const abort = (): void => void socket.destroy(abortError(signal));
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      reject(signal.aborted ? abortError(signal) : connectFailureFrom(error));
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function connectThrough(proxy: Proxy, target: HostPort, signal: AbortSignal): Promise<net.Socket> {
  const path = formatHostPort(target);
  const authorization = proxy.userInfo === undefined ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(proxy.userInfo).toString('base64')}` };
  const request = http.request({ ...proxy.address, method: 'CONNECT', path, headers: { Host: path, ...authorization }, agent: false, signal });
  return new Promise((resolve, reject) => {
    request.once('connect', (response: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new ConnectFailure('proxy-refused', `the proxy answered ${String(response.statusCode)} to CONNECT ${path}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      reject(new ConnectFailure('proxy-refused', `the proxy answered ${String(response.statusCode)} to CONNECT ${path}`));
    });
    request.once('error', (error) => {
      reject(signal.aborted ? abortError(signal) : new ConnectFailure('proxy-unreachable', error.message, error));
    });
    request.end();
  });
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
