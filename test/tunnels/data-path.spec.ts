import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { startTarget, type TestTarget } from './support/target.ts';

const MIB = 1024 * 1024;

async function sha256(stream: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sum: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { bytes, sum: hash.digest('hex') };
}

/** The same bytes on every call: blocks of `block`, sizes that fit no boundary. */
function* blocks(block: Buffer, total: number): Generator<Buffer> {
  for (let left = total; left > 0; left -= block.length) yield block.subarray(0, Math.min(left, block.length));
}

function sumOf(block: Buffer, total: number): string {
  const hash = createHash('sha256');
  for (const piece of blocks(block, total)) hash.update(piece);
  return hash.digest('hex');
}

describe('a channel', () => {
  let controlPlane: TestControlPlane;
  let target: TestTarget;

  async function start(serve?: Parameters<typeof startTarget>[0]): Promise<void> {
    controlPlane = await startControlPlane();
    target = await startTarget(serve);
    await controlPlane.openTunnel(target.path);
  }

  afterEach(async () => {
    await controlPlane.close();
    await target.close();
  });

  it('answers a request', async () => {
    await start((socket) => socket.pipe(socket));
    const channel = await controlPlane.dial();
    channel.end('ping');
    expect(await text(channel)).to.equal('ping');
  });

  it('lets the client end its side and still read the whole answer', async () => {
    await start((socket) => {
      void buffer(socket).then((request) => socket.end(`${request.length} bytes, sum ${createHash('sha256').update(request).digest('hex')}`));
    });
    const request = randomBytes(MIB + 1);
    const channel = await controlPlane.dial();
    channel.end(request);
    expect(await text(channel)).to.equal(`${request.length} bytes, sum ${createHash('sha256').update(request).digest('hex')}`);
  });

  it('lets the target end its side and still read what the client sends after', async () => {
    const received = Promise.withResolvers<string>();
    await start((socket) => {
      socket.end('that was all');
      void text(socket).then(received.resolve);
    });
    const channel = await controlPlane.dial();
    expect(await text(channel)).to.equal('that was all');
    channel.end('late words');
    expect(await received.promise).to.equal('late words');
  });

  it('brings 32 MiB each way at once, unaltered', async () => {
    const block = randomBytes(333_333);
    const total = 32 * MIB;
    const up = Promise.withResolvers<{ bytes: number; sum: string }>();
    await start((socket) => {
      void sha256(socket).then(up.resolve);
      void pipeline(blocks(block, total), socket);
    });
    const channel = await controlPlane.dial();
    const down = sha256(channel);
    await pipeline(blocks(block, total), channel as NodeJS.WritableStream, { end: true });
    const expected = { bytes: total, sum: sumOf(block, total) };
    expect(await up.promise).to.deep.equal(expected);
    expect(await down).to.deep.equal(expected);
  });

  it('serves many at once, each its own bytes', async () => {
    await start((socket) => socket.pipe(socket));
    const channels: Duplex[] = await Promise.all(Array.from({ length: 100 }, () => controlPlane.dial()));
    const echoes = channels.map(async (channel, index) => {
      channel.end(`I am ${index}`);
      return text(channel);
    });
    expect(await Promise.all(echoes)).to.deep.equal(channels.map((_, index) => `I am ${index}`));
  });

  it('leaves nothing behind at either end', async () => {
    await start((socket) => socket.pipe(socket));
    const tunnelConnections = target.connections;
    const channel = await controlPlane.dial();
    const closed = once(channel, 'close');
    channel.end('ping');
    await text(channel);
    await closed;
    while (tunnelConnections.size > 0) await once([...tunnelConnections][0] as NodeJS.EventEmitter, 'close');
    expect(tunnelConnections.size).to.equal(0);
  });
});
