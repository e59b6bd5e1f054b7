/**
 * Calls the Docker API on behalf of a WebSocket, through the gateway's own Docker proxy, as a connection of whoever opened it: so it is
 * admitted, granted, recorded and bounded as every other call is, and its engine is trusted as little.
 */
import { request, type IncomingMessage } from 'node:http';
import { type Duplex, duplexPair, type Readable } from 'node:stream';
import type { Principal } from '../../services/application/ports/accounts.ts';
import { CORRELATION_HEADER } from '../correlation.ts';
import type { ConnectionPeer } from '../http/client-connection.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { type ErrorCode, isErrorCode } from '../problems/problem-table.ts';

/** For whom, and where to. */
export interface EngineCallee {
  readonly principal: Principal;
  /** The peer's IP address. */
  readonly address: string;
  readonly environmentId: string;
  /** The Swarm node asked for, by id or host name. */
  readonly node: string | undefined;
  /** Ties all its calls to the request that opened the socket. */
  readonly correlationId: string;
}

export interface EngineCall {
  readonly method: 'GET' | 'POST';
  /** A path of the Docker API, with its query. */
  readonly path: string;
  readonly body?: object;
  /** The only way to break the call off. */
  readonly signal: AbortSignal;
}

/** What an engine goes on to say. */
export interface EngineStream<Stream extends Readable> {
  readonly stream: Stream;
  /** Why it broke off: the error it was destroyed with, in other words. Undefined where nothing says that it did. */
  whyCut(error?: Error): unknown;
}

/** All throw {@link CallRefused}, {@link GatewayError} engine-protocol-error, and the signal's reason. */
export interface EngineCaller {
  /** The whole answer, which is JSON or nothing. */
  ask(call: EngineCall): Promise<unknown>;
  /** The answer's body, as it comes. */
  read(call: EngineCall): Promise<EngineStream<Readable>>;
  /** Raw bytes both ways. */
  converse(call: EngineCall): Promise<EngineStream<Duplex>>;
}

/** What the Docker proxy refused a call with, or the engine itself (container-not-found, engine-refused). */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Gives a connection to the gateway's server. */
export type AcceptConnection = (socket: Duplex, peer: ConnectionPeer & { readonly principal: Principal }) => void;

/** What an engine answers to a question; a container with thousands of labels has less. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;
const LONGEST_MESSAGE = 500;

interface Answered {
  readonly answer: IncomingMessage;
  /** Where the engine went on with raw bytes. */
  readonly channel: Duplex | undefined;
  readonly whyCut: (error?: Error) => unknown;
}

export function createEngineCaller(accept: AcceptConnection, { principal, address, environmentId, node, correlationId }: EngineCallee): EngineCaller {
  async function send({ method, path, body, signal }: EngineCall, isUpgrade: boolean): Promise<Answered> {
    signal.throwIfAborted();
    const [ours, theirs] = duplexPair();
    let cut: unknown;
    // Without an error the other side would take it for an end, as if all was said.
    const breakOff = (reason: unknown): void => void ours.destroy(reason instanceof Error ? reason : new Error('broken off'));
    const aborted = (): void => breakOff(signal.reason);
    const whyCut = (error?: Error): unknown => (signal.aborted ? (signal.reason as unknown) : (cut ?? error));
    ours.on('error', () => undefined);
    theirs.on('error', () => undefined);
    signal.addEventListener('abort', aborted, { once: true });
    ours.once('close', () => signal.removeEventListener('abort', aborted));
    accept(theirs, { address, principal, isOurs: true, onCut: (reason) => (cut = reason), reset: () => breakOff(cut) });

    const payload = body === undefined ? '' : JSON.stringify(body);
    const upstream = request({
      method,
      path: `/api/v1/environments/${environmentId}/docker${path}`,
      createConnection: () => ours,
      headers: {
        host: 'homeport',
        [CORRELATION_HEADER]: correlationId,
        ...(node === undefined ? {} : { 'x-homeport-node': node }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'content-length': Buffer.byteLength(payload) } : {}),
        ...(isUpgrade ? { connection: 'Upgrade', upgrade: 'tcp' } : { connection: 'close' }),
      },
    });
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    upstream.on('error', (error) => reject(whyCut(error)));
    upstream.once('response', (answer) => resolve({ answer, channel: undefined, whyCut }));
    upstream.once('upgrade', (answer, channel, head) => {
      if (head.length > 0) channel.unshift(head);
      resolve({ answer, channel, whyCut });
    });
    upstream.end(payload);
    return promise;
  }

  async function succeed(call: EngineCall, isUpgrade = false): Promise<Answered> {
    const answered = await send(call, isUpgrade);
    const { statusCode = 0 } = answered.answer;
    if (statusCode >= 400) throw refusal(statusCode, await wholeJson(answered));
    return answered;
  }

  return {
    ask: async (call) => wholeJson(await succeed(call)),
    async read(call) {
      const { answer, whyCut } = await succeed(call);
      return { stream: answer, whyCut };
    },
    async converse(call) {
      const { channel, whyCut } = await succeed(call, true);
      if (channel === undefined) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: it did not go on with raw bytes.');
      return { stream: channel, whyCut };
    },
  };
}

async function wholeJson({ answer, whyCut }: Answered): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_ANSWER_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw whyCut(error instanceof Error ? error : undefined);
  }
  if (bytes === 0) return undefined;
  if (bytes > MOST_ANSWER_BYTES) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: it is too long.');
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (error) {
    throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: it is no JSON.', { cause: error });
  }
}

/** Ours have a code of ours; all else is the engine's own word. */
function refusal(status: number, answer: unknown): CallRefused {
  const { message, code } = typeof answer === 'object' && answer !== null ? (answer as { message?: unknown; code?: unknown }) : {};
  const said = typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : `the engine answered with the status ${status}`;
  return new CallRefused(isErrorCode(code) ? code : status === 404 ? 'container-not-found' : 'engine-refused', said);
}
