/** Where the web UI's calls to an engine go, whatever ids the engine makes up. */
import { expect } from 'chai';
import { dockerUrl } from '../../web-gateway/ui/src/api/docker-url.ts';

describe('calls of the web UI to an engine', () => {
  const ask = (path: string): string => dockerUrl('https://homeport.test', 'e1', path).href;
  const below = 'https://homeport.test/api/v1/environments/e1/docker';

  it('are asked for as they are written', () => {
    for (const path of ['/containers/json', '/containers/0123abcd/start', `/images/${encodeURIComponent('sha256:00ff')}`, `/volumes/${encodeURIComponent('a volume/é')}`]) expect(ask(path)).to.equal(below + path);
  });

  it('lead nowhere else, whatever an engine calls its things', () => {
    const ids = ['../../../users/u1', '../../../../environments/e2/rotate-token#', '..', '.', '%2e%2e/%2e%2e/e2/docker/containers/c1', '..\\..\\..\\e2', 'c1?force=true&x=', 'c1#', '\t../x', 'c1/../../images/prune'];
    for (const id of ids) {
      expect(() => ask(`/networks/${id}`), id).to.throw('Nothing was asked').with.property('code', 'invalid-path');
      const encoded = `/networks/${encodeURIComponent(id)}`;
      // Dots alone can not be encoded.
      if (id === '.' || id === '..') expect(() => ask(encoded), id).to.throw('Nothing was asked');
      else expect(ask(encoded), id).to.equal(below + encoded);
    }
  });
});
