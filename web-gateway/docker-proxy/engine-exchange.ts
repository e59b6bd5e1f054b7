/** Sends one request to an engine and its answer to the client: bodies stream both ways at the slower side's pace. */
import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../gateway-limits.ts';
import { drainRequest } from '../http/http-server.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import type { AdmittedCall } from './admission.ts';
import type { CallRecord } from './call-record.ts';
import type { CallerOptions } from './channel-agent.ts';
import type { ChannelCaller } from './channels.ts';
import { detachRawInput, failureCode, releaseForRaw, type ClientExchange } from './client-exchange.ts';
import { fieldPairs, selectFields } from './header-fields.ts';
import { relayRaw } from './raw-relay.ts';
import { engineRequestFields, requestFieldFilter } from './request-headers.ts';
import { clientResponseFields, clientTrailers } from './response-headers.ts';
import { switchingProtocolsHead } from './switching-protocols.ts';

/** How a call went that the client had an answer to. */
export interface ExchangeEnd {
  readonly status: number | null;
  /** A stable code; null where all went well. */
  readonly failure: string | null;
}

/** The engine gave no answer that could be passed on; the client has had none yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** The kept channel turned out to be dead, and nothing the engine could have acted on twice was sent. */
  readonly isStaleChannel: boolean;

  constructor(cause: unknown, isStaleChannel: boolean) {
    super('the engine gave no answer', { cause });
    this.isStaleChannel = isStaleChannel;
  }
}

export interface EngineExchange {
  readonly client: ClientExchange;
  readonly call: AdmittedCall;
  readonly record: CallRecord;
  /** Its signal ends the exchange, on both sides. */
  readonly caller: ChannelCaller;
  /** A pool, or one channel for this call alone. */
  readonly transport: { readonly agent: Agent } | { readonly channel: Duplex };
  /** An upgrade request's. */
  readonly upgradeBody: Buffer;
  readonly limits: GatewayLimits;
}

/** How a kept channel shows that it is dead. Not by a lost tunnel: that took the engine away, and whoever waits is to be told at once. */
const BROKEN_CHANNEL: ReadonlySet<string> = new Set(['engine-closed', 'channel-reset']);
/** Provisional answers that are nothing but noise. */
const MOST_PROVISIONAL_ANSWERS = 32;

/** Throws {@link NoAnswer}. What goes wrong after the answer has begun cuts the client off: a cut answer must not look complete. */
export function exchangeWithEngine({ client, call, record, caller, transport, upgradeBody, limits }: EngineExchange): Promise<ExchangeEnd> {
  const { req, res, upgrade } = client;
  const { signal } = caller;
  const { promise, resolve, reject } = Promise.withResolvers<ExchangeEnd>();
  let status: number | null = null;
  let isSettled = false;
  let provisionalAnswers = 0;

  const options: CallerOptions = {
    method: call.method,
    path: call.target,
    setHost: false,
    maxHeaderSize: limits.engineHeaderBytes,
    caller,
    headers: engineRequestFields(req, {
      framing: call.framing,
      upgrade: upgrade?.protocol,
      keepAlive: 'agent' in transport,
      expectsContinue: client.expectsContinue,
    }),
    ...('agent' in transport ? { agent: transport.agent } : { createConnection: () => transport.channel }),
  };
  const upstream = request(options);

  function end(failure: string | null): void {
    if (isSettled) return;
    isSettled = true;
    signal.removeEventListener('abort', aborted);
    resolve({ status, failure });
  }
  function fail(error: unknown): void {
    if (isSettled) return;
    upstream.destroy();
    if (status === null) {
      isSettled = true;
      signal.removeEventListener('abort', aborted);
      const cause = asAnswerable(error);
      reject(new NoAnswer(cause, upstream.reusedSocket && !signal.aborted && BROKEN_CHANNEL.has(failureCode(cause))));
    } else {
      end(failureCode(asAnswerable(error)));
      client.connection.socket.destroy();
    }
  }
  const aborted = (): void => fail(signal.reason);

  signal.addEventListener('abort', aborted, { once: true });
  upstream.on('error', fail);
  upstream.on('information', ({ statusCode }) => {
    provisionalAnswers += 1;
    if (provisionalAnswers > MOST_PROVISIONAL_ANSWERS) fail(protocolError('it sent too many provisional answers'));
    else if (statusCode === 100 && client.expectsContinue) res.writeContinue();
    else if (statusCode === 102) res.writeProcessing();
  });
  upstream.once('upgrade', (answer, channel, head) => {
    if (isSettled) return void channel.destroy();
    if (answer.headers.upgrade?.toLowerCase() !== upgrade?.protocol) {
      channel.destroy();
      return fail(protocolError('it switched protocols without being asked'));
    }
    const socket = releaseForRaw(client);
    if (socket === undefined) return void channel.destroy();
    status = 101;
    signal.removeEventListener('abort', aborted);
    signal.addEventListener('abort', () => channel.destroy(), { once: true });
    if (call.route.stream !== undefined) record.streamOpened(call.route.stream);
    if (head.length > 0) channel.unshift(head);
    socket.write(switchingProtocolsHead(answer, upgrade?.protocol ?? ''));
    relayRaw({
      client: socket,
      engine: channel,
      lingerMs: limits.rawLingerMs,
      onBytes: (direction, bytes) => (record.bytes[direction] += bytes),
      onEnd: ({ by, error }) => {
        if (signal.aborted) end(failureCode(signal.reason));
        else if (error !== undefined) end(failureCode(asAnswerable(error)));
        else end(by === 'both' ? null : by === 'client' ? 'client-disconnected' : 'engine-closed');
      },
    });
  });
  upstream.once('response', (answer) => {
    answer.on('error', fail);
    if (isSettled) return;
    try {
      relayAnswer(answer);
    } catch (error) {
      fail(error);
    }
  });

  function relayAnswer(answer: IncomingMessage): void {
    const length = answer.headers['content-length'];
    const coding = answer.headers['transfer-encoding'];
    const code = answer.statusCode ?? 0;
    if (code < 200 || code > 599) throw protocolError(`it answered with the status ${code}`);
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw protocolError('it used a transfer coding it was not offered');
    const rawInput = call.route.rawAnswer && code === 200 && length === undefined && coding === undefined ? detachRawInput(client) : undefined;
    const fields = clientResponseFields(answer);
    if (length !== undefined && code !== 204) fields.push('Content-Length', length);
    if (rawInput !== undefined) {
      // The bytes themselves, until the connection ends: a client that goes on raw knows no chunks.
      res.useChunkedEncodingByDefault = false;
      res.shouldKeepAlive = false;
    }
    res.writeHead(code, fields);
    status = code;
    if (call.route.stream !== undefined && code === 200 && (rawInput !== undefined || !call.route.rawAnswer)) record.streamOpened(call.route.stream);
    if (rawInput !== undefined) relayRawInput(rawInput, answer.socket);

    let hasBegun = false;
    answer.on('data', (chunk: Buffer) => {
      hasBegun = true;
      record.bytes.received += chunk.length;
      if (!res.write(chunk)) answer.pause();
    });
    res.on('drain', () => answer.resume());
    // The header goes together with the first bytes where those are there already, else alone.
    setImmediate(() => {
      if (!hasBegun && !res.writableEnded && !res.destroyed) res.flushHeaders();
    });
    answer.once('end', () => {
      if (!answer.complete) return fail(new GatewayError('engine-closed', 'The engine closed the connection in the middle of its answer.'));
      const trailers = clientTrailers(answer);
      if (trailers.length > 0 && length === undefined) res.addTrailers(fieldPairs(trailers));
      res.once('finish', () => {
        // What the engine did not wait for.
        if (!upstream.writableFinished) upstream.destroy();
        if (upgrade === undefined) drainRequest(req, limits.drainMs);
        end(null);
      });
      res.end();
    });
  }

  function relayRawInput(input: Duplex, channel: Duplex): void {
    input.on('data', (chunk: Buffer) => {
      record.bytes.sent += chunk.length;
      if (channel.writable && !channel.write(chunk)) input.pause();
    });
    channel.on('drain', () => input.resume());
    if (input.readableEnded) channel.end();
    else input.once('end', () => channel.end());
    input.resume();
  }

  if (upgrade !== undefined) {
    record.bytes.sent += upgradeBody.length;
    upstream.end(upgradeBody);
  } else {
    sendBody(upstream, client, call, record);
  }
  return promise;
}

function sendBody(upstream: ClientRequest, { req, expectsContinue }: ClientExchange, { framing }: AdmittedCall, record: CallRecord): void {
  if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) return void upstream.end();
  let hasBegun = expectsContinue;
  if (expectsContinue) upstream.flushHeaders();
  else {
    setImmediate(() => {
      if (!hasBegun && !upstream.destroyed) upstream.flushHeaders();
    });
  }
  req.on('data', (chunk: Buffer) => {
    if (upstream.destroyed) return;
    hasBegun = true;
    record.bytes.sent += chunk.length;
    if (!upstream.write(chunk)) req.pause();
  });
  upstream.on('drain', () => req.resume());
  req.once('end', () => {
    if (upstream.destroyed) return;
    hasBegun = true;
    const trailers = selectFields(req.rawTrailers, requestFieldFilter(req));
    if (trailers.length > 0) upstream.addTrailers(fieldPairs(trailers));
    upstream.end();
  });
}

/** What Node says of a broken or malformed answer, in our own words. */
function asAnswerable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) return protocolError('it broke the rules of HTTP/1.1', error);
  if (code.startsWith('ERR_HTTP_') || code === 'ERR_INVALID_CHAR') return protocolError('its answer could not be passed on', error);
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_WRITE_AFTER_END') {
    return new GatewayError('engine-closed', 'The engine closed the connection without a whole answer.', { cause: error });
  }
  return error;
}

function protocolError(what: string, cause?: unknown): GatewayError {
  return new GatewayError('engine-protocol-error', `The engine’s answer was refused: ${what}.`, { cause });
}
