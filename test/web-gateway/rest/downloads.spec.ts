/** What bounds downloads of the agent's image: how many at once, how many to one address, and that someone reads them. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { DeliveredFile } from '../../../services/agent-delivery/port.ts';
import { GatewayError } from '../../../web-gateway/problems/gateway-error.ts';
import { createDownloads } from '../../../web-gateway/rest/downloads.ts';
import { eventually } from '../../support/eventually.ts';
import { createManualClock } from '../../tunnels/support/manual-clock.ts';
import { createFakeDelivery } from '../support/fake-delivery.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';
import { readHead } from '../support/raw-client.ts';

const IMAGE = '/agent/image.tar.gz';
/** More than sockets take. */
const SIZE = 64 * 1024 * 1024;

describe('downloads of the agent’s image', () => {
  let gateway: GatewayFixture;
  let reading = 0;

  async function start(limits: { readonly downloads: number; readonly downloadsOfOne: number; readonly downloadStallMs?: number }): Promise<void> {
    const image: DeliveredFile = {
      sizeBytes: SIZE,
      etag: '"large"',
      contentType: 'application/gzip',
      read({ from, to } = { from: 0, to: SIZE - 1 }) {
        reading += 1;
        let left = to - from + 1;
        return new Readable({
          read(bytes) {
            const size = Math.min(bytes, left);
            left -= size;
            this.push(size === 0 ? null : Buffer.alloc(size));
          },
          destroy(_error, done) {
            reading -= 1;
            done();
          },
        });
      },
    };
    gateway = await startGateway({ limits, isTrustedProxy: () => true, agentDelivery: { ...createFakeDelivery(), image: () => Promise.resolve(image) } });
  }
  afterEach(async () => {
    await gateway.close();
    expect(reading, 'files that are still open').to.equal(0);
  });

  const from = (address: string) => ({ as: null, headers: { 'x-forwarded-for': address } }) as const;

  /** Asks for the image, and reads nothing of it. */
  async function begin(address: string): Promise<IncomingMessage> {
    const [answer] = (await once(gateway.open(IMAGE, from(address)).end(), 'response')) as [IncomingMessage];
    return answer.on('error', () => undefined);
  }

  it('are refused beyond so many, saying when to come back, and taken again when others have ended', async () => {
    await start({ downloads: 2, downloadsOfOne: 2 });
    const [first, second] = [await begin('203.0.113.1'), await begin('203.0.113.2')];
    expect([first.statusCode, second.statusCode]).to.deep.equal([200, 200]);
    const refused = await gateway.call(IMAGE, from('203.0.113.3'));
    expect(refused.status).to.equal(503);
    expect(refused.json).to.include({ code: 'too-many-downloads' });
    expect(Number(refused.headers['retry-after'])).to.be.within(3, 12);
    expect(refused.headers).to.not.have.any.keys('content-disposition', 'content-range');
    // What costs nothing is answered all the same.
    expect((await gateway.call(IMAGE, { ...from('203.0.113.3'), method: 'HEAD' })).status).to.equal(200);
    expect((await gateway.call(IMAGE, { as: null, headers: { 'if-none-match': '"large"' } })).status).to.equal(304);
    first.destroy();
    await eventually('the place of the one that left', () => (reading === 1 ? true : undefined));
    const { status, body } = await gateway.call(IMAGE, from('203.0.113.3'));
    expect([status, body.length]).to.deep.equal([200, SIZE]);
    // One that came to its end gives its place back too.
    expect((await gateway.call(IMAGE, { as: null, headers: { range: 'bytes=0-9' } })).body).to.have.length(10);
    second.destroy();
  });

  it('are begun one after the other on one connection, however many are asked for at once', async () => {
    await start({ downloads: 8, downloadsOfOne: 8 });
    const client = await gateway.connect();
    client.write(`GET ${IMAGE} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`.repeat(3));
    expect(await readHead(client)).to.match(/^HTTP\/1\.1 200 OK/);
    expect(reading).to.equal(1);
    client.destroy();
  });

  it('leave room for others where one address takes all it may', async () => {
    await start({ downloads: 8, downloadsOfOne: 1 });
    await begin('203.0.113.1');
    expect((await gateway.call(IMAGE, from('203.0.113.1'))).json).to.include({ code: 'too-many-downloads' });
    await begin('2001:db8::1');
    expect((await gateway.call(IMAGE, from('2001:db8::2'))).json).to.include({ code: 'too-many-downloads' });
    expect((await gateway.call(IMAGE, from('203.0.113.2'))).status).to.equal(200);
  });

  it('of an address with many make room for those of one with fewer, and for no others', async () => {
    await start({ downloads: 5, downloadsOfOne: 3 });
    const many = [await begin('203.0.113.1'), await begin('203.0.113.1'), await begin('203.0.113.1')];
    await begin('203.0.113.2');
    await begin('203.0.113.2');
    const [oldest] = many;
    if (oldest === undefined) throw new Error('nobody downloads');
    const ended = once(oldest.resume(), 'error');
    expect((await begin('203.0.113.3')).statusCode).to.equal(200);
    expect(await ended).to.have.nested.property('[0].code', 'ECONNRESET');
    expect(many.map(({ destroyed }) => destroyed)).to.deep.equal([true, false, false]);
    await eventually('five', () => (reading === 5 ? true : undefined));
    // Who would have as many as the others then gets nothing, and nobody loses anything to him.
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) expect((await gateway.call(IMAGE, from(address))).status).to.equal(503);
    // Two at once take two places, of whom has two.
    expect((await Promise.all([begin('203.0.113.4'), begin('203.0.113.5')])).map(({ statusCode }) => statusCode)).to.deep.equal([200, 200]);
    await eventually('five again', () => (reading === 5 ? true : undefined));
    expect((await gateway.call(IMAGE, from('203.0.113.6'))).status).to.equal(503);
  });

  it('are ended where nobody reads them', async () => {
    await start({ downloads: 2, downloadsOfOne: 2, downloadStallMs: 300 });
    const unread = await begin('203.0.113.1');
    await eventually('the file to be closed', () => (reading === 0 ? true : undefined));
    expect(await once(unread.resume(), 'error')).to.have.nested.property('[0].code', 'ECONNRESET');
  });
});

describe('downloads that someone reads', () => {
  it('go on where they are read, however slowly, and give their place back once they are not', async () => {
    const clock = createManualClock();
    const downloads = createDownloads({ downloads: 1, downloadsOfOne: 1, downloadStallMs: 60_000 }, { clock, random: () => 0.999 });
    const image: DeliveredFile = { ...(await createFakeDelivery().image(undefined)), read: () => Readable.from(endless(), { objectMode: false, highWaterMark: 1 }) };
    const slow = downloads.bounded(image, '203.0.113.1').read();
    for (let minute = 0; minute < 10; minute += 1) {
      while (slow.read() === null) await once(slow, 'readable');
      // So that the next piece is asked for, and waits.
      await once(slow, 'readable');
      clock.advance(59_999);
      expect(slow.destroyed).to.equal(false);
    }
    expect(() => downloads.bounded(image, '203.0.113.2').read()).to.throw(GatewayError).with.nested.property('headers.retry-after', '12');
    const ended = once(slow, 'error');
    clock.advance(1);
    expect(String((await ended)[0])).to.match(/nobody reads/);
    await eventually('the place', () => {
      downloads.bounded(image, '203.0.113.2').read().destroy();
      return true;
    });
  });
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield await Promise.resolve(Buffer.alloc(1));
}
