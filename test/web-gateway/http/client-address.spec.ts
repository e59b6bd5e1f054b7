/** Whom a call is recorded under that came through reverse proxies. */
import { expect } from 'chai';
import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../../web-gateway/http/client-address.ts';
import { createFakeAccounts } from '../support/fake-accounts.ts';
import { DOCKER, startGateway } from '../support/gateway-fixture.ts';

describe('the address of a client', () => {
  const isTrustedProxy = (address: string) => address.startsWith('10.');
  const cases: readonly (readonly [what: string, peer: string, forwarded: string | string[] | undefined, address: string])[] = [
    ['is the peer’s where nothing is forwarded', '192.0.2.1', undefined, '192.0.2.1'],
    ['is the peer’s where no trusted proxy forwards it', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['is what a trusted proxy says', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['is not what the client itself said before', '10.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['is followed through several trusted proxies', '10.0.0.1', ['203.0.113.9, 198.51.100.7', '10.0.0.2'], '198.51.100.7'],
    ['is the furthest proxy’s where all are trusted', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['is the proxy’s where that says nothing', '10.0.0.1', ' , ', '10.0.0.1'],
  ];
  for (const [what, peer, forwarded, address] of cases) {
    it(what, () => {
      const request = { socket: { remoteAddress: peer }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage;
      expect(clientAddress(request, isTrustedProxy)).to.equal(address);
    });
  }

  it('is what a refused API key is recorded under, at engines as elsewhere', async () => {
    const refused: string[] = [];
    const accounts = { ...createFakeAccounts(), apiKeyRefused: (_key: string, { address }: { readonly address: string }) => Promise.resolve(void refused.push(address)) };
    const gateway = await startGateway({ accounts, isTrustedProxy: (address) => address === '192.0.2.7' });
    try {
      for (const target of [`${DOCKER}/containers/json`, '/api/v1/environments']) {
        const { status } = await gateway.call(target, { as: null, headers: { authorization: 'Bearer hp_unknown', 'x-forwarded-for': '198.51.100.7' } });
        expect(status).to.equal(401);
      }
      expect(refused).to.deep.equal(['198.51.100.7', '198.51.100.7']);
    } finally {
      await gateway.close();
    }
  });
});
