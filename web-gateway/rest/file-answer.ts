/** Answers with a file as downloaders expect it: its size, an ETag, and any part of it, so that a broken download goes on. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ByteRange, DeliveredFile } from '../../services/agent-delivery/port.ts';
import { GatewayError } from '../problems/gateway-error.ts';

/** For GET and HEAD. Throws {@link GatewayError} range-not-satisfiable, and what reading the file throws. */
export function answerWithFile(request: FastifyRequest, reply: FastifyReply, file: DeliveredFile, fileName: string): FastifyReply {
  const { sizeBytes, etag, contentType } = file;
  const { headers, method } = request;
  reply.headers({ etag, 'accept-ranges': 'bytes' });
  if (names(headers['if-none-match'], etag)) return reply.code(304).send();
  const isWhole = method === 'HEAD' || (headers['if-range'] !== undefined && headers['if-range'] !== etag);
  const range = isWhole ? undefined : rangeOf(headers.range, sizeBytes);
  // What refuses to be read is answered as an error, without the file's headers.
  const bytes = method === 'HEAD' ? undefined : file.read(range);
  reply.headers({ 'content-type': contentType, 'content-disposition': `attachment; filename="${fileName}"` });
  if (bytes === undefined || range === undefined) return reply.header('content-length', sizeBytes).send(bytes);
  const { from, to } = range;
  return reply
    .code(206)
    .headers({ 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${sizeBytes}` })
    .send(bytes);
}

/** One range in bytes. Several at once, and what can't be read, are answered with all of it, as RFC 9110 allows. */
function rangeOf(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== '' && last !== '' && Number(last) < from) return undefined;
  if (from >= sizeBytes) {
    throw new GatewayError('range-not-satisfiable', `The file has ${sizeBytes} bytes, and none of those asked for.`, { headers: { 'content-range': `bytes */${sizeBytes}` } });
  }
  return { from, to };
}

function names(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
