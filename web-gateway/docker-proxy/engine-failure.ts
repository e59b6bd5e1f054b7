/** What goes wrong between us and an engine, in our own words. */
import { GatewayError } from '../problems/gateway-error.ts';

/** Node's errors of a broken or malformed exchange become ours; those that have a code of ours stay as they are. */
export function engineFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) return protocolError('it broke the rules of HTTP/1.1', error);
  if (code.startsWith('ERR_HTTP_') || code === 'ERR_INVALID_CHAR') return protocolError('its answer could not be passed on', error);
  if (BROKEN.has(code)) return new GatewayError('engine-closed', 'The engine closed the connection without a whole answer.', { cause: error });
  return error;
}

const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED']);

/** @param what goes on from “The engine’s answer was refused”. */
export function protocolError(what: string, cause?: unknown): GatewayError {
  return new GatewayError('engine-protocol-error', `The engine’s answer was refused: ${what}.`, { cause });
}
