/** Strangers on the tunnel port: what they say is checked before anything is decided. */
import { expect } from 'chai';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { GOOD_SECRET } from './support/test-gate.ts';

describe('a hello that no tunnel credentials give rise to', () => {
  let controlPlane: TestControlPlane;
  beforeEach(async () => {
    controlPlane = await startControlPlane();
  });
  afterEach(() => controlPlane.close());

  const good = { environmentId: 'e1', credentialsId: 'c1', secret: GOOD_SECRET, instanceId: 'i1' };
  for (const [what, bad] of Object.entries({
    'an environment id with a slash': { environmentId: 'e1/../e2' },
    'an empty environment id': { environmentId: '' },
    'credentials of too many characters': { credentialsId: 'c'.repeat(65) },
    'an instance id with a line break': { instanceId: 'i1\n' },
    'a secret that is far too long': { secret: Buffer.alloc(65) },
  })) {
    it(`is refused, and recorded without a word of it, not looked up: ${what}`, async () => {
      const refusal: unknown = await controlPlane.openTunnel('/nowhere.sock', { hello: { ...good, ...bad } }).catch((error: unknown) => error);
      expect(refusal).to.have.property('reason', 'malformed-credentials');
      expect(controlPlane.gate.openings).to.deep.equal([]);
      expect(controlPlane.gate.malformed).to.have.length(1);
    });
  }
});
