/** How far an export has come, told by its bytes alone. */

const mark = '"position":"';

/** The position of the last event that begins in these bytes; undefined where none does, or it is no number. */
export function lastPositionIn(bytes: Uint8Array): number | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = buffer.lastIndexOf(mark);
  const [digits] = at === -1 ? [] : (/^\d{1,15}(?=")/.exec(buffer.toString('latin1', at + mark.length, at + mark.length + 17)) ?? []);
  return digits === undefined ? undefined : Number(digits);
}
