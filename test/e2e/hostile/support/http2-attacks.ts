/** What strangers may say in HTTP/2, once TLS is done. */
import { type Dice, pick } from '../../../support/fleet/seed.ts';
import { callHead, FLAG, FRAME, frame, grpcMessage, headerBlock, number, PREFACE, settings } from '../../../support/http2-frames.ts';
import { type Attacks, bytesBy, type Door } from './attack.ts';
import { connectTls, type HostileConnection } from './hostile-connection.ts';

const KIB = 1024;

/** An HTTP/2 connection that has begun as it should. */
async function http2(door: Door, talk: (connection: HostileConnection) => Promise<void>, first: Buffer = settings()): Promise<void> {
  const connection = await connectTls(door.port, ['h2']);
  await connection.send(Buffer.concat([PREFACE, first]));
  await talk(connection);
  await connection.linger(20);
  connection.destroy();
}

const call = (door: Door, dice: Dice, stream: number): Buffer => callHead(stream, pick(dice, door.paths));
const times = (count: number, make: (index: number) => Buffer): Buffer => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const data = (stream: number, bytes: Uint8Array, flags = 0): Buffer => frame(FRAME.data, flags, stream, bytes);

export const HTTP2_ATTACKS: Attacks = {
  'random frames': (door, dice) =>
    http2(door, async (connection) => {
      for (let frames = 1 + dice(60); frames > 0 && !connection.isOver; frames -= 1) {
        const payload = bytesBy(dice, pick(dice, [0, 1, 4, 6, 8, 100, dice(2 * KIB)]));
        await connection.send(frame(dice(12), dice(256), pick(dice, [0, 1, 2, 3, dice(2 ** 31)]), payload, dice(8) === 0 ? dice(2 ** 24) : payload.length));
      }
    }),

  'a broken preface': async (door, dice) => {
    const connection = await connectTls(door.port, ['h2']);
    const preface = Buffer.concat([PREFACE, settings()]);
    await connection.send(preface.subarray(0, dice(preface.length)));
    await connection.send(bytesBy(dice, dice(KIB)));
    await connection.linger(50);
    connection.destroy();
  },

  'headers without an end': (door, dice) =>
    http2(door, async (connection) => {
      await connection.send(callHead(1, pick(dice, door.paths), [], 0));
      for (let frames = 2000; frames > 0 && !connection.isOver; frames -= 1) await connection.send(frame(FRAME.continuation, 0, 1, dice(2) === 0 ? new Uint8Array() : headerBlock([['x', 'y'.repeat(dice(200))]])));
    }),

  'headers of a mebibyte': (door, dice) =>
    http2(door, async (connection) => {
      const block = dice(2) === 0 ? headerBlock([['x-large', 'y'.repeat(KIB * KIB)]]) : Buffer.concat(Array.from({ length: 20_000 }, (_, index) => headerBlock([[`x-${index}`, 'y'.repeat(40)]])));
      await connection.send(callHead(1, pick(dice, door.paths), [], 0));
      for (let at = 0; at < block.length && !connection.isOver; at += 16 * KIB) {
        const piece = block.subarray(at, at + 16 * KIB);
        await connection.send(frame(FRAME.continuation, at + piece.length === block.length ? FLAG.endHeaders : 0, 1, piece));
      }
      await connection.linger(50);
    }),

  'headers that grow when they are unpacked': (door, dice) =>
    http2(door, async (connection) => {
      // One large field enters the table, and is then named by one byte, again and again.
      const field = Buffer.concat([Buffer.from([0x40]), headerBlock([['x', 'y'.repeat(3800)]]).subarray(1)]);
      const head = callHead(1, pick(dice, door.paths)).subarray(9);
      await connection.send(frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.concat([head, field, Buffer.alloc(12 * KIB, 0xbe)])));
      await connection.linger(50);
    }),

  'SETTINGS, PING and empty frames by the thousand': (door, dice) =>
    http2(door, async (connection) => {
      const one = pick(dice, [settings({ 3: 100 }), frame(FRAME.ping, 0, 0, Buffer.alloc(8)), frame(FRAME.priority, 0, 3, Buffer.alloc(5)), frame(FRAME.windowUpdate, 0, 0, number(1)), settings(Object.fromEntries(Array.from({ length: 60 }, (_, id) => [id + 20, id])))]);
      for (let bursts = 20; bursts > 0 && !connection.isOver; bursts -= 1) await connection.send(times(500, () => one));
    }),

  'pings to whose answers nobody listens': (door) =>
    http2(door, async (connection) => {
      connection.deafen();
      for (let bursts = 20; bursts > 0 && !connection.isOver; bursts -= 1) await Promise.race([connection.send(times(1000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))), connection.linger(200)]);
      await connection.linger(200);
    }),

  'empty DATA by the thousand': (door, dice) =>
    http2(door, async (connection) => {
      await connection.send(call(door, dice, 1));
      for (let bursts = 20; bursts > 0 && !connection.isOver; bursts -= 1) await connection.send(times(500, () => data(1, new Uint8Array())));
    }),

  'rapid reset': (door, dice) =>
    http2(door, async (connection) => {
      for (let stream = 1; stream < 6000 && !connection.isOver; stream += 200) {
        await connection.send(times(100, (index) => Buffer.concat([call(door, dice, stream + 2 * index), frame(FRAME.rstStream, 0, stream + 2 * index, number(8))])));
      }
    }),

  'streams that the server resets for what they do': (door, dice) =>
    http2(door, async (connection) => {
      for (let stream = 1; stream < 6000 && !connection.isOver; stream += 200) {
        await connection.send(times(100, (index) => Buffer.concat([call(door, dice, stream + 2 * index), frame(FRAME.windowUpdate, 0, stream + 2 * index, number(0))])));
      }
    }),

  'ten thousand streams at once': (door, dice) =>
    http2(door, async (connection) => {
      for (let stream = 1; stream < 20_000 && !connection.isOver; stream += 1000) await connection.send(times(500, (index) => call(door, dice, stream + 2 * index)));
      await connection.linger(100);
    }),

  'windows of nothing, and windows that overflow': (door, dice) =>
    http2(
      door,
      async (connection) => {
        for (let stream = 1; stream <= 3; stream += 2) await connection.send(Buffer.concat([call(door, dice, stream), data(stream, grpcMessage(bytesBy(dice, dice(100))), FLAG.endStream)]));
        await connection.send(pick(dice, [settings({ 4: 2 ** 31 - 1 }), settings({ 4: 2 ** 32 - 1 }), settings({ 5: 1 }), frame(FRAME.windowUpdate, 0, 0, number(2 ** 31 - 1)), frame(FRAME.windowUpdate, 0, 1, number(0))]));
        await connection.linger(dice(300));
      },
      settings({ 4: 0, 1: dice(2) * 2 ** 31 }),
    ),

  'messages that are none': (door, dice) =>
    http2(door, async (connection) => {
      const body = bytesBy(dice, dice(2 * KIB));
      const message = pick(dice, [
        grpcMessage(body),
        grpcMessage(body, { isCompressed: true }),
        grpcMessage(body, { length: 2 ** 32 - 1 }),
        grpcMessage(body, { length: body.length + 1 }),
        grpcMessage(new Uint8Array()),
        Buffer.from([dice(256)]),
        // A nested message that never ends, a length that is negative, a field number of zero.
        grpcMessage(Buffer.alloc(2 * KIB, 0x0b)),
        grpcMessage(Buffer.from('0affffffffffffffffff01', 'hex')),
        grpcMessage(Buffer.from([0, 0])),
        grpcMessage(Buffer.concat([Buffer.from([0x0a]), Buffer.from([0x80, 0x80, 0x04]), Buffer.alloc(60 * KIB, 0x0a)])),
      ]);
      for (let stream = 1; stream <= 3; stream += 2) await connection.send(Buffer.concat([call(door, dice, stream), data(stream, message, dice(2) * FLAG.endStream)]));
      await connection.linger(dice(200));
    }),

  'calls that are none': (door, dice) =>
    http2(door, async (connection) => {
      const path = pick(dice, [...door.paths, '/', '', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '/__proto__', `/${'x'.repeat(30_000)}`]);
      const more = pick(dice, [
        [['content-type', 'text/html']],
        [['grpc-encoding', 'gzip']],
        [['grpc-timeout', '99999999H']],
        [['grpc-timeout', '-1n']],
        [['grpc-timeout', 'x']],
        [['homeport-check', '1']],
        [['x-bin', '%%%']],
        [['connection', 'close']],
        [['X-UPPER', 'y']],
        [['x', 'a\r\nb: c']],
        [['content-length', '7']],
        [[':path', '/twice']],
        [['expect', '100-continue']],
      ] as readonly [readonly (readonly [string, string])[], ...(readonly (readonly [string, string])[])[]]);
      await connection.send(callHead(1, path, more, FLAG.endHeaders | (dice(2) * FLAG.endStream)));
      await connection.send(frame(FRAME.headers, FLAG.endHeaders, 3, headerBlock(pick(dice, [[[':method', 'GET']], [[':method', 'CONNECT'], [':authority', 'x']], [[':method', 'PATCH'], [':scheme', 'https'], [':path', path]], []]))));
      await connection.linger(50);
    }),

  'a call byte by byte': (door, dice) => http2(door, (connection) => connection.trickle(Buffer.concat([call(door, dice, 1), data(1, grpcMessage(bytesBy(dice, 50)))]), 3, 10)),
};

/** Opens so many streams, as many a connection as may be, and leaves them so. The connections are left too. */
export async function openAndLeave(door: Door, streams: number, streamsOfOne: number): Promise<readonly HostileConnection[]> {
  const heads = Buffer.concat([PREFACE, settings(), ...Array.from({ length: streamsOfOne }, (_, index) => callHead(2 * index + 1, door.paths[0]))]);
  const left: HostileConnection[] = [];
  while (left.length * streamsOfOne < streams) {
    const some = await Promise.all(Array.from({ length: 50 }, () => connectTls(door.port, ['h2'])));
    for (const connection of some) await connection.send(heads);
    left.push(...some);
  }
  return left;
}
