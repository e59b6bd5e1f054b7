/** Sends a plain request's body to the engine as it comes, at the engine's pace, and its trailers after it. */
import type { ClientRequest } from 'node:http';
import type { AdmittedCall } from './admission.ts';
import type { CallRecord } from './call-record.ts';
import type { ClientExchange } from './client-exchange.ts';
import { fieldPairs, selectFields } from './header-fields.ts';
import { requestFieldFilter } from './request-headers.ts';

export function sendBody(upstream: ClientRequest, { req, expectsContinue }: ClientExchange, { framing }: AdmittedCall, record: CallRecord): void {
  if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) return void upstream.end();
  let hasBegun = expectsContinue;
  if (expectsContinue) {
    upstream.flushHeaders();
  } else {
    // Together with the first bytes where those are there already, else alone.
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
