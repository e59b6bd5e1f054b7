/** HTTPS to one server: pooled requests and single connections, all through the same check of its certificate. */
import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { ClientRequest } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { connectTrusting } from './trust.ts';
import type { Trust } from './trust.ts';

export interface Transport {
  readonly url: URL;
  readonly trust: Trust;
  /** A request over a pooled connection; the path begins with a slash. Errors of the connection are CliErrors. */
  request(path: string, options: Omit<RequestOptions, 'agent' | 'host' | 'port' | 'path'>): ClientRequest;
  /** A connection of its own, for what HTTP does not frame. Throws CliError. */
  connect(signal?: AbortSignal): Promise<TLSSocket>;
  /** Closes the pooled connections. */
  close(): void;
}

export function createTransport(url: URL, trust: Trust): Transport {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (_options, callback) => {
    connectTrusting(url, trust).then(
      (socket) => callback?.(null, socket),
      // The stream is not looked at where there is an error.
      (error: unknown) => (callback as ((error: Error) => void) | undefined)?.(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  };
  return {
    url,
    trust,
    request: (path, options) => request({ ...options, agent, host: url.hostname, port: url.port === '' ? 443 : url.port, path }),
    connect: (signal) => connectTrusting(url, trust, signal),
    close: () => agent.destroy(),
  };
}
