/** Passes an engine's answer on to the client: its header checked and filtered, its body at the client's pace. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../problems/gateway-error.ts';
import type { AdmittedCall } from './admission.ts';
import type { CallRecord } from './call-record.ts';
import { detachRawInput, type ClientExchange } from './client-exchange.ts';
import { protocolError } from './engine-failure.ts';
import { fieldPairs } from './header-fields.ts';
import { clientResponseFields, clientTrailers } from './response-headers.ts';

export interface AnswerRelay {
  readonly answer: IncomingMessage;
  readonly client: ClientExchange;
  readonly call: AdmittedCall;
  readonly record: CallRecord;
  readonly correlationId: string;
  /** The header is written. */
  readonly onBegun: (status: number) => void;
  /** The engine stopped in the middle. */
  readonly onCut: (error: GatewayError) => void;
  /** All is on its way to the client. */
  readonly onSent: () => void;
}

/** Throws, with nothing written yet, for an answer that is not to be passed on. */
export function relayAnswer({ answer, client, call, record, correlationId, onBegun, onCut, onSent }: AnswerRelay): void {
  const { res } = client;
  const { stream, rawAnswer } = call.route;
  const length = answer.headers['content-length'];
  const coding = answer.headers['transfer-encoding'];
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) throw protocolError(`it answered with the status ${status}`);
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw protocolError('it used a transfer coding it was not offered');

  const isRaw = rawAnswer && status === 200 && length === undefined && coding === undefined;
  const rawInput = isRaw ? detachRawInput(client) : undefined;
  const fields = clientResponseFields(answer, correlationId);
  if (length !== undefined && status !== 204) fields.push('Content-Length', length);
  if (rawInput !== undefined) {
    // The bytes themselves, until the connection ends: a client that goes on raw knows no chunks.
    res.useChunkedEncodingByDefault = false;
    res.shouldKeepAlive = false;
  }
  res.writeHead(status, fields);
  onBegun(status);
  if (stream !== undefined && status === 200 && (rawInput !== undefined || !rawAnswer)) record.streamOpened(stream);
  if (rawInput !== undefined) relayRawInput(rawInput, answer.socket, record);

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
    if (!answer.complete) return onCut(new GatewayError('engine-closed', 'The engine closed the connection in the middle of its answer.'));
    const trailers = clientTrailers(answer);
    if (trailers.length > 0 && length === undefined) res.addTrailers(fieldPairs(trailers));
    res.once('finish', onSent);
    res.end();
  });
}

/** What a client says after a 200 goes to the engine as it is, and so does its end. */
function relayRawInput(input: Duplex, channel: Duplex, record: CallRecord): void {
  input.on('data', (chunk: Buffer) => {
    record.bytes.sent += chunk.length;
    if (channel.writable && !channel.write(chunk)) input.pause();
  });
  channel.on('drain', () => input.resume());
  channel.once('close', () => input.resume());
  if (input.readableEnded) channel.end();
  else input.once('end', () => channel.end());
  input.resume();
}
