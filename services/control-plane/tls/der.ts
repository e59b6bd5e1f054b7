/** DER, what X.509 is written in: each value its tag, its length, its bytes (ITU-T X.690). It writes what a certificate needs, and reads nothing. */

const TAG = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, objectIdentifier: 0x06, printableString: 0x13, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31 } as const;
const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

/** A value with its tag; `parts` are its bytes. */
function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

/** Up to 127 in one byte; else how many bytes follow, and these. */
function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(TAG.sequence, ...parts);
export const set = (member: Uint8Array): Buffer => tagged(TAG.set, member);
export const octetString = (bytes: Uint8Array): Buffer => tagged(TAG.octetString, bytes);
export const TRUE: Buffer = tagged(TAG.boolean, Buffer.from([0xff]));

/** A number in as few bytes as it takes, the first bit of them zero: DER's numbers have a sign, and these are positive. */
export const integer = (bytes: Uint8Array): Buffer => tagged(TAG.integer, bytes);

/** @param unusedBits at its end */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => tagged(TAG.bitString, Buffer.from([unusedBits]), bytes);

/** Letters, digits, spaces and `'()+,-./:=?`. Throws on any other. */
export function printableString(text: string): Buffer {
  if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)) throw new Error(`${text} cannot be written as a PrintableString`);
  return tagged(TAG.printableString, Buffer.from(text, 'latin1'));
}

/** Such as 2.5.29.15. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(sevenBitsEach)]));
}

/** Every byte but the last says that another follows. */
function sevenBitsEach(arc: number): readonly number[] {
  const bytes = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return bytes;
}

/** To the second; in the short form up to 2049, as RFC 5280 has it. */
export function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const isShort = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050;
  return isShort ? tagged(TAG.utcTime, Buffer.from(text.slice(2))) : tagged(TAG.generalizedTime, Buffer.from(text));
}

/** A value under a number of its context, as it is: what it holds has no tag of its own. */
export const implicit = (number: number, bytes: Uint8Array): Buffer => tagged(CONTEXT | number, bytes);

/** Values under a number of their context, each with its own tag. */
export const explicit = (number: number, value: Uint8Array): Buffer => tagged(CONTEXT | CONSTRUCTED | number, value);
