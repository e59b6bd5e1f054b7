/** Sends one request to an engine and its answer to the client: bodies stream both ways at the slower side's pace. */
import { request, type Agent, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../gateway-limits.ts';
import { drainRequest } from '../http/http-server.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { problemOf } from '../problems/problem.ts';
import { linger } from '../problems/raw-problem.ts';
import type { AdmittedCall } from './admission.ts';
import { relayAnswer } from './answer-relay.ts';
import type { CallRecord } from './call-record.ts';
import type { CallerOptions } from './channel-agent.ts';
import type { ChannelCaller } from './channels.ts';
import { failureCode, releaseForRaw, type ClientExchange } from './client-exchange.ts';
import { engineFailure, protocolError } from './engine-failure.ts';
import { createFrameWatch, isMultiplexed } from './multiplexed-stream.ts';
import { relayRaw } from './raw-relay.ts';
import { sendBody } from './request-body.ts';
import { engineRequestFields } from './request-headers.ts';
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
  /** A kept channel turned out to be dead. */
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

/** How a kept channel shows that the engine let go of it. A lost tunnel is no such case: the engine may be at work on the call, and the client is told at once. */
const BROKEN_CHANNEL: ReadonlySet<string> = new Set(['engine-closed', 'channel-reset']);
const ENGINE_CLOSED = 'The engine closed the connection in the middle of its output.';
/** Provisional answers beyond these are nothing but noise. */
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

  function settle(settled: () => void): void {
    if (isSettled) return;
    isSettled = true;
    signal.removeEventListener('abort', aborted);
    settled();
  }
  const end = (failure: string | null): void => settle(() => resolve({ status, failure }));
  function fail(error: unknown): void {
    settle(() => {
      const cause = engineFailure(error);
      upstream.destroy();
      if (status === null) return reject(new NoAnswer(cause, upstream.reusedSocket && !signal.aborted && BROKEN_CHANNEL.has(failureCode(cause))));
      client.connection.explainCut(cause);
      client.connection.cut();
      resolve({ status, failure: failureCode(cause) });
    });
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
  upstream.once('response', (answer) => {
    answer.on('error', fail);
    if (isSettled) return;
    try {
      relayAnswer({
        answer,
        client,
        call,
        record,
        correlationId: caller.context.correlationId,
        onBegun: (begun) => (status = begun),
        onCut: fail,
        onSent() {
          // What the engine did not wait for.
          if (!upstream.writableFinished) upstream.destroy();
          if (upgrade === undefined) drainRequest(req, limits.drainMs);
          end(null);
        },
      });
    } catch (error) {
      fail(error);
    }
  });
  upstream.once('upgrade', (answer, channel, head) => {
    const asked = upgrade?.protocol;
    if (isSettled || asked === undefined || answer.headers.upgrade?.toLowerCase() !== asked) {
      channel.destroy();
      return fail(protocolError('it switched protocols without being asked'));
    }
    if (head.length > 0) channel.unshift(head);
    goRaw(answer, channel, asked);
  });

  function goRaw(answer: IncomingMessage, channel: Duplex, protocol: string): void {
    const socket = releaseForRaw(client);
    if (socket === undefined) return void channel.destroy();
    status = 101;
    // From here on the relay tells how it ends, also by the signal.
    signal.removeEventListener('abort', aborted);
    signal.addEventListener('abort', () => channel.destroy(), { once: true });
    if (call.route.stream !== undefined) record.streamOpened(call.route.stream);
    const frames = createFrameWatch(isMultiplexed(answer, call.route.stream === 'exec' ? { body: upgradeBody } : undefined));
    socket.write(switchingProtocolsHead(answer, protocol, caller.context.correlationId));
    relayRaw({
      client: socket,
      engine: channel,
      lingerMs: limits.rawLingerMs,
      onBytes(direction, chunk) {
        record.bytes[direction] += chunk.length;
        if (direction === 'received') frames.take(chunk);
      },
      cutClient(error) {
        const reason: unknown = signal.aborted ? signal.reason : error === undefined ? new GatewayError('engine-closed', ENGINE_CLOSED) : engineFailure(error);
        client.connection.explainCut(reason);
        const notice = frames.errorFrame(`homeport: ${problemOf(reason).detail}`);
        if (notice === undefined || !socket.writable) return client.connection.cut();
        socket.end(notice);
        linger(socket);
      },
      onEnd({ by, error }) {
        if (signal.aborted) end(failureCode(signal.reason));
        else if (error !== undefined) end(failureCode(engineFailure(error)));
        else end(by === 'both' ? null : by === 'client' ? 'client-disconnected' : 'engine-closed');
      },
    });
  }

  if (upgrade === undefined) {
    sendBody(upstream, client, call, record);
  } else {
    record.bytes.sent += upgradeBody.length;
    // In one piece with the header, as Node does it for text alone: a body that an engine does not read, as of an attach (dockerode sends
    // one), it drops with what it has read already, and takes it for input where it comes later.
    upstream.end(upgradeBody.toString('latin1'), 'latin1');
  }
  return promise;
}
