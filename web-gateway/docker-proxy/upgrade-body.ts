/** Reads the body of an upgrade request, which Node leaves on the connection as raw bytes. */
import type { Duplex } from 'node:stream';
import { GatewayError } from '../problems/gateway-error.ts';
import type { BodyFraming } from './request-headers.ts';

/** Docker's are a few hundred bytes of JSON, or nothing. */
const MOST_BYTES = 1024 * 1024;

/**
 * Takes exactly the body off the connection and leaves what follows on it.
 * Throws {@link GatewayError} body-too-large, length-required or malformed-request (the client ended in the middle); the signal's reason.
 */
export async function readUpgradeBody(
  socket: Duplex,
  framing: BodyFraming,
  { expectsContinue, signal }: { readonly expectsContinue: boolean; readonly signal: AbortSignal },
): Promise<Buffer> {
  if (framing.kind === 'chunked') throw new GatewayError('length-required', 'A request that asks for an upgrade must say the length of its body.');
  const bytes = framing.kind === 'none' ? 0 : framing.bytes;
  if (bytes === 0) return Buffer.alloc(0);
  if (bytes > MOST_BYTES) throw new GatewayError('body-too-large', `The body of an upgrade request may have ${MOST_BYTES} bytes.`);
  if (expectsContinue) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void): void => {
      socket.removeListener('readable', take);
      socket.removeListener('end', cutShort);
      signal.removeEventListener('abort', aborted);
      settled();
    };
    const take = (): void => {
      const body: unknown = socket.read(bytes);
      if (!Buffer.isBuffer(body)) return;
      // At its end a stream gives what there is.
      if (body.length < bytes) return cutShort();
      settle(() => resolve(body));
    };
    const cutShort = (): void => settle(() => reject(new GatewayError('malformed-request', 'The request ended in the middle of its body.')));
    const aborted = (): void => settle(() => reject(signal.reason as Error));
    signal.addEventListener('abort', aborted, { once: true });
    socket.on('end', cutShort);
    socket.on('readable', take);
    take();
  });
}
