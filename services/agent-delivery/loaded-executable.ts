/** The part of an executable that running it needs: what comes after the last segment is for debuggers. */
import { open } from 'node:fs/promises';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

/** The beginning of a file, its first bytes replaced. */
export interface FilePrefix {
  readonly head: Buffer;
  readonly sizeBytes: number;
}

/**
 * Where the loaded part of an ELF executable (64 bits, little endian) ends, and its header without the section table that is cut
 * off with the rest: a seventh of Node is symbols. Any other file is whole. Throws the system's errors.
 */
export async function loadedExecutable(path: string): Promise<FilePrefix> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(HEADER_BYTES, size));
    await file.read(head, 0, head.length, 0);
    const isElf = head.length === HEADER_BYTES && head.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
    if (!isElf || head.readUInt16LE(0x36) !== PROGRAM_HEADER_BYTES) return { head, sizeBytes: size };
    const count = head.readUInt16LE(0x38);
    const table = Buffer.alloc(count * PROGRAM_HEADER_BYTES);
    await file.read(table, 0, table.length, Number(head.readBigUInt64LE(0x20)));
    const ends = Array.from({ length: count }, (_, index) => {
      const at = index * PROGRAM_HEADER_BYTES;
      return Number(table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32));
    });
    head.writeBigUInt64LE(0n, 0x28);
    head.fill(0, 0x3a, 0x40);
    return { head, sizeBytes: Math.max(HEADER_BYTES, ...ends.filter((end) => end <= size)) };
  } finally {
    await file.close();
  }
}
