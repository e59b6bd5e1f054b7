/** The agent's files as downloaders ask for them. */
import { expect } from 'chai';
import { DELIVERED } from '../support/fake-delivery.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const IMAGE = '/agent/image.tar.gz';

describe('the agent’s downloads', () => {
  let gateway: GatewayFixture;

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('are there for whoever asks, with their size and an ETag', async () => {
    for (const path of [IMAGE, '/agent/agent.mjs', '/agent/install.sh']) {
      const { status, headers, body } = await gateway.call(path, { as: null });
      expect(status).to.equal(200);
      expect(headers).to.include({ 'content-length': '1000', etag: '"e1"', 'accept-ranges': 'bytes' });
      expect(body.equals(DELIVERED)).to.equal(true);
    }
  });

  it('tell their size to HEAD, and send nothing', async () => {
    const { status, headers, body } = await gateway.call(IMAGE, { as: null, method: 'HEAD' });
    expect({ status, length: headers['content-length'], sent: body.length }).to.deep.equal({ status: 200, length: '1000', sent: 0 });
  });

  it('are not sent again to who has them', async () => {
    for (const known of ['"e1"', 'W/"e1"', '"e0", "e1"', '*']) expect((await gateway.call(IMAGE, { headers: { 'if-none-match': known } })).status).to.equal(304);
    expect((await gateway.call(IMAGE, { headers: { 'if-none-match': '"e0"' } })).status).to.equal(200);
  });

  it('go on where a download broke off', async () => {
    for (const [range, from, to] of [['bytes=990-', 990, 999], ['bytes=0-0', 0, 0], ['bytes=-10', 990, 999], ['bytes=5-5000', 5, 999]] as const) {
      const { status, headers, body } = await gateway.call(IMAGE, { headers: { range } });
      expect({ status, range: headers['content-range'] }).to.deep.equal({ status: 206, range: `bytes ${from}-${to}/1000` });
      expect(body.equals(DELIVERED.subarray(from, to + 1))).to.equal(true);
    }
    const beyond = await gateway.call(IMAGE, { headers: { range: 'bytes=1000-' } });
    expect([beyond.status, beyond.headers['content-range'], beyond.json['code']]).to.deep.equal([416, 'bytes */1000', 'range-not-satisfiable']);
  });

  it('come whole where the part asked for is of another version, or can’t be read', async () => {
    expect((await gateway.call(IMAGE, { headers: { range: 'bytes=990-', 'if-range': '"e0"' } })).status).to.equal(200);
    expect((await gateway.call(IMAGE, { headers: { range: 'bytes=990-', 'if-range': '"e1"' } })).status).to.equal(206);
    for (const range of ['bytes=5-1', 'lines=1-2', 'bytes=0-1,5-6', 'bytes=-']) expect((await gateway.call(IMAGE, { headers: { range } })).status, range).to.equal(200);
  });

  it('are refused in clear words for another kind of machine', async () => {
    expect((await gateway.call(`${IMAGE}?platform=linux/amd64`)).status).to.equal(200);
    expect((await gateway.call(`${IMAGE}?platform=linux/arm64`)).json).to.include({ status: 404, code: 'agent-platform-not-served' });
    expect((await gateway.call(`${IMAGE}?platform=nonsense`)).json).to.include({ status: 400, code: 'invalid-request' });
  });
});
