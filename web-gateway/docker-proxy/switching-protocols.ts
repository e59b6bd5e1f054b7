/** The head of the answer that turns a client's connection into a raw stream. */
import type { IncomingMessage } from 'node:http';
import { clientResponseFields } from './response-headers.ts';

/** @param answer the engine's own 101. */
export function switchingProtocolsHead(answer: IncomingMessage, protocol: string, correlationId: string): Buffer {
  const fields = clientResponseFields(answer, correlationId);
  let head = `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
  for (let index = 0; index + 1 < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`;
  // As it was read: one byte a character.
  return Buffer.from(`${head}\r\n`, 'latin1');
}
