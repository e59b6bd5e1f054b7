/** What bounds downloads of the agent's image: how many at once, how many to one address, and that someone reads them. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { DeliveredFile } from '../../../services/agent-delivery/port.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeDelivery } from '../support/fake-delivery.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

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

  it('leave room for others where one address takes all it may', async () => {
    await start({ downloads: 8, downloadsOfOne: 1 });
    await begin('203.0.113.1');
    expect((await gateway.call(IMAGE, from('203.0.113.1'))).json).to.include({ code: 'too-many-downloads' });
    await begin('2001:db8::1');
    expect((await gateway.call(IMAGE, from('2001:db8::2'))).json).to.include({ code: 'too-many-downloads' });
    expect((await gateway.call(IMAGE, from('203.0.113.2'))).status).to.equal(200);
  });

  it('are ended where nobody reads them, while those that are read go on', async () => {
    await start({ downloads: 2, downloadsOfOne: 2, downloadStallMs: 300 });
    const unread = await begin('203.0.113.1');
    const slow = await begin('203.0.113.2');
    const closed = eventually('the unread one to be ended', () => (reading === 1 ? true : undefined));
    let bytes = 0;
    const over = new AbortController();
    void closed.then(() => over.abort());
    for await (const chunk of slow) {
      bytes += (chunk as Buffer).length;
      // A little now and then, for as long as the other lives; then the rest.
      if (!over.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await closed;
    expect(bytes).to.equal(SIZE);
    unread.destroy();
  });
});
