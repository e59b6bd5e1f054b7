/** Verifies the bytes that SQLite itself does not: the file's header, and the write-ahead log, which it would silently cut at a damaged frame. */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { LogProblem } from '../log-verification.ts';

const headerBytes = 100;
const pageBytes = 4096;
const frameHeaderBytes = 24;
const walHeaderBytes = 32;

type Constants = readonly (readonly [offset: number, bytes: string])[];

/** What every log's header holds, by offset; https://www.sqlite.org/fileformat2.html says what each means. */
const constants: Constants = [
  [0, Buffer.from('SQLite format 3\0').toString('hex')],
  [16, '1000'],
  [18, '0202'],
  [20, '00402020'],
];

/** What it holds as well, once the write-ahead log was moved into the file. */
const settledConstants: Constants = [
  ...constants,
  [44, '00000004'],
  [48, '0000000000000000'],
  [56, '00000001'],
  [64, '00000000'],
  [72, '00'.repeat(20)],
];

/**
 * Reads the header, and the write-ahead log where there is one. A frame that is being written just now is no damage: where the file changed
 * meanwhile it is read again. Throws the system's errors but for a file that is not there.
 */
export function verifyFile(file: string): LogProblem[] {
  const walFile = `${file}-wal`;
  const isSettled = !existsSync(walFile) || statSync(walFile).size === 0;
  return [...withFile(file, (descriptor) => header(read(descriptor, 0, headerBytes), isSettled)), ...withFile(walFile, wal)];
}

function header(bytes: Buffer, isSettled: boolean): LogProblem[] {
  const wrong = (isSettled ? settledConstants : constants).filter(([offset, expected]) => bytes.subarray(offset, offset + expected.length / 2).toString('hex') !== expected).map(([offset]) => offset);
  // The change counter, and for which change the size in the header was noted.
  if (isSettled && !bytes.subarray(24, 28).equals(bytes.subarray(92, 96))) wrong.push(24);
  return wrong.map((offset) => ({ kind: 'file', message: `The database file's header was altered at byte ${offset} or after it.` }));
}

function wal(descriptor: number): LogProblem[] {
  for (let found = ''; ; ) {
    const before = stamp(descriptor);
    const problems = walProblems(descriptor);
    const now = `${problems.map(({ message }) => message).join()} ${stamp(descriptor)}`;
    // Twice the same, and nothing written between: a clock's tick is longer than a write.
    if (problems.length === 0 || (now === found && stamp(descriptor) === before)) return problems;
    found = now;
  }
}

function stamp(descriptor: number): string {
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}

/** Frames up to the last that fits by salts and checksums count; those of an earlier generation behind them have other salts. */
function walProblems(descriptor: number): LogProblem[] {
  const { size } = fstatSync(descriptor);
  if (size === 0) return [];
  const head = read(descriptor, 0, walHeaderBytes);
  const damaged = (what: string): LogProblem[] => [
    { kind: 'file', message: `The write-ahead log (events.db-wal) is damaged at ${what}: what was recorded last may be lost. Where the machine lost its power just before, start serve once; it recovers what was recorded.` },
  ];
  if (head.length < walHeaderBytes) return damaged('its header');
  const magic = head.readUInt32BE(0);
  const isBigEndian = magic === 0x377f0683;
  const sums = checksum(head.subarray(0, 24), [0, 0], isBigEndian);
  if ((!isBigEndian && magic !== 0x377f0682) || head.readUInt32BE(4) !== 3_007_000 || head.readUInt32BE(8) !== pageBytes || sums[0] !== head.readUInt32BE(24) || sums[1] !== head.readUInt32BE(28)) {
    return damaged('its header');
  }
  const salts = head.subarray(16, 24);
  const frameBytes = frameHeaderBytes + pageBytes;
  let running = sums;
  let brokenAt: number | undefined;
  for (let offset = walHeaderBytes; offset + frameBytes <= size; offset += frameBytes) {
    const frame = read(descriptor, offset, frameBytes);
    const ofFirstSalt = frame.subarray(8, 12).equals(salts.subarray(0, 4));
    const ofSecondSalt = frame.subarray(12, 16).equals(salts.subarray(4, 8));
    if (!ofFirstSalt && !ofSecondSalt && brokenAt === undefined) {
      brokenAt = offset;
      continue;
    }
    if (brokenAt !== undefined) {
      // Frames of this generation behind one that is not: that one was altered.
      if (ofFirstSalt && ofSecondSalt) return damaged(`byte ${brokenAt}`);
      continue;
    }
    running = checksum(frame.subarray(frameHeaderBytes), checksum(frame.subarray(0, 8), running, isBigEndian), isBigEndian);
    if (!ofFirstSalt || !ofSecondSalt || running[0] !== frame.readUInt32BE(16) || running[1] !== frame.readUInt32BE(20)) return damaged(`byte ${offset}`);
  }
  return [];
}

type Sums = readonly [number, number];

/** SQLite's cumulative checksum over pairs of 32-bit words. */
function checksum(bytes: Buffer, [first, second]: Sums, isBigEndian: boolean): Sums {
  let a = first;
  let b = second;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}

function read(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
}

function withFile(file: string, look: (descriptor: number) => LogProblem[]): LogProblem[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  try {
    return look(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
