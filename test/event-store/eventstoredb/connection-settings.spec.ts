/** Connection strings: what is wrong is said before anything connects, and never with a password in it. */
import { expect } from 'chai';
import { readConnectionString } from '../../../services/event-store/eventstoredb/connection-settings.ts';
import { EventStoreError } from '../../../services/event-store/port.ts';

describe('an EventStoreDB connection string', () => {
  const refusalOf = (text: string): string => {
    try {
      readConnectionString(text);
    } catch (error) {
      expect(error).to.be.instanceOf(EventStoreError).with.property('code', 'event-store-unavailable');
      return (error as EventStoreError).message;
    }
    return expect.fail(`${text} was taken`);
  };

  it('names one server, several, or a cluster to discover, with an account', () => {
    const one = readConnectionString('esdb://user:p%3Ass@host');
    expect(one.nodes).to.deep.include({ endpoint: { address: 'host', port: 2113 }, throwOnAppendFailure: true });
    expect(one.credentials).to.deep.equal({ username: 'user', password: 'p:ss' });
    expect(readConnectionString('esdb://a:1,b:2,c:3?tls=false').nodes).to.have.property('endpoints').with.lengthOf(3);
    expect(readConnectionString('esdb+discover://cluster').nodes).to.deep.include({ discover: { address: 'cluster', port: 2113 } });
  });

  for (const [text, words] of [
    ['http://host:2113', 'esdb://'],
    ['esdb://host?colour=red', 'not known: colour'],
    ['esdb://host?tlsVerifyCert=false', 'tlsCAFile'],
    ['esdb://host?throwOnAppendFailure=false', 'throwOnAppendFailure'],
    ['esdb://host?tlsCAFile=/nowhere/ca.pem', '/nowhere/ca.pem'],
    ['esdb://host?userCertFile=/nowhere/cert.pem', 'belong together'],
    ['esdb://user:secret@host?tls=false', 'only sent with TLS'],
  ] as const) {
    it(`is refused with words on what to change: ${text.replace('secret', '…')}`, () => {
      expect(refusalOf(text)).to.include(words).and.not.include('secret');
    });
  }

  for (const password of ['my?secret', 'my&secret', 'my@secret?x', 'my%secret', 'secret:secret?a=b', 'my#secret']) {
    it(`keeps a password that is not encoded to itself: ${password.replace(/secret/g, '…')}`, () => {
      let said = '';
      try {
        readConnectionString(`esdb://admin:${password}@host?tls=maybe`);
      } catch (error) {
        said = String(error);
      }
      expect(said).to.not.equal('').and.not.include('secret');
    });
  }
});
