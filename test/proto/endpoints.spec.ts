/** Endpoints and successions: what moves an agent, and what does not. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { EndpointsError, endpointsSignedAtMs, signEndpoints, verifyEndpoints } from '../../proto/endpoints.ts';
import type { EndpointsErrorCode, EndpointsExpectation } from '../../proto/endpoints.ts';
import { spkiSha256 } from '../../proto/fingerprint.ts';
import { type Endpoints, type SignedEndpoints, Succession } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { followSuccessions, signSuccession } from '../../proto/succession.ts';

const makeKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const fingerprintOf = (key: KeyObject): Buffer => spkiSha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));
const [first, second, third, stranger] = [makeKey(), makeKey(), makeKey(), makeKey()];

const endpoints: Endpoints = {
  environmentId: 'e7x2',
  version: 7,
  apiUrl: 'https://new.example:9443',
  tunnelAddress: 'new.example:8000',
  fingerprints: [fingerprintOf(second), fingerprintOf(first)],
  nonce: Buffer.alloc(32, 1),
  signedAtMs: 1000,
};
const expected: EndpointsExpectation = { environmentId: 'e7x2', fingerprints: [fingerprintOf(first)], version: 6, nonce: endpoints.nonce };
const chain = [signSuccession(fingerprintOf(second), first)];

function refusalOf(answer: SignedEndpoints, expectation: EndpointsExpectation = expected): EndpointsErrorCode | undefined {
  try {
    verifyEndpoints(answer, expectation);
    return undefined;
  } catch (error) {
    if (error instanceof EndpointsError) return error.code;
    throw error;
  }
}

describe('endpoints', () => {
  it('are taken as they were signed by a key that is accepted', () => {
    expect(verifyEndpoints(signEndpoints(endpoints, first, []), expected)).to.deep.equal({
      ...endpoints,
      fingerprints: endpoints.fingerprints.map((one) => Buffer.from(one)),
      nonce: Buffer.from(endpoints.nonce),
    });
  });

  it('are refused when they were signed for another call, though nothing else is wrong: a retired pin does not come back', () => {
    // First to second, and the first one leaked; what the second signed meanwhile still names both.
    const recorded = signEndpoints(endpoints, second, []);
    const newcomer: EndpointsExpectation = { environmentId: 'e7x2', fingerprints: [fingerprintOf(second)], version: 0, nonce: Buffer.alloc(32, 2) };
    expect(refusalOf(recorded, newcomer)).to.equal('endpoints-nonce-mismatch');
    expect(refusalOf(recorded, { ...newcomer, nonce: endpoints.nonce })).to.equal(undefined);
    expect(refusalOf(signEndpoints({ ...endpoints, nonce: new Uint8Array() }, second, []), newcomer)).to.equal('endpoints-nonce-mismatch');
  });

  it('have no version that the time of their signing can not give, and one that was forged is followed by the next', () => {
    const forged = { ...endpoints, version: Number.MAX_SAFE_INTEGER };
    expect(refusalOf(signEndpoints(forged, first, []))).to.equal('endpoints-malformed');
    expect(refusalOf(signEndpoints({ ...endpoints, version: 2001 }, first, []))).to.equal('endpoints-malformed');
    expect(refusalOf(signEndpoints({ ...endpoints, version: 2000 }, first, []))).to.equal(undefined);
    // Who signs may lie about the time as well; the next one who does not is believed.
    expect(refusalOf(signEndpoints({ ...forged, signedAtMs: 2 ** 52 }, first, []))).to.equal(undefined);
    const cheated = { ...expected, version: forged.version };
    expect(refusalOf(signEndpoints(endpoints, first, []), cheated)).to.equal(undefined);
    expect(refusalOf(signEndpoints(endpoints, first, []), { ...expected, version: 2000 })).to.equal('endpoints-outdated');
  });

  it('are said to be signed late enough for their version, also where the clock was set back', () => {
    expect(endpointsSignedAtMs(7, 1000)).to.equal(1000);
    const version = 2_000_001;
    expect(refusalOf(signEndpoints({ ...endpoints, version, signedAtMs: endpointsSignedAtMs(version, 1000) }, first, []))).to.equal(undefined);
  });

  it('are taken from the successor of an accepted key, and from the successor of that one', () => {
    expect(refusalOf(signEndpoints(endpoints, second, chain))).to.equal(undefined);
    const later = { ...endpoints, fingerprints: [fingerprintOf(third)] };
    expect(refusalOf(signEndpoints(later, third, [...chain, signSuccession(fingerprintOf(third), second)]))).to.equal(undefined);
  });

  it('are refused where the chain of successions has a gap, or a stranger in it', () => {
    const later = { ...endpoints, fingerprints: [fingerprintOf(third)] };
    expect(refusalOf(signEndpoints(later, third, [signSuccession(fingerprintOf(third), second)]))).to.equal('fingerprint-mismatch');
    const forged = { ...signSuccession(fingerprintOf(third), stranger), tunnelPublicKey: chain[0]?.tunnelPublicKey ?? new Uint8Array() };
    expect(refusalOf(signEndpoints(later, third, [forged]))).to.equal('fingerprint-mismatch');
    expect(refusalOf(signEndpoints(endpoints, stranger, chain))).to.equal('fingerprint-mismatch');
  });

  it('are refused once the key that signed them is no longer accepted', () => {
    expect(refusalOf(signEndpoints(endpoints, first, []), { ...expected, fingerprints: [fingerprintOf(second)] })).to.equal('fingerprint-mismatch');
  });

  it('are refused when a stranger signed them under an accepted public key, or a bit was changed', () => {
    const good = signEndpoints(endpoints, first, []);
    expect(refusalOf({ ...signEndpoints(endpoints, stranger, []), tunnelPublicKey: good.tunnelPublicKey })).to.equal('endpoints-signature-invalid');
    const altered = Buffer.from(good.endpoints);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    expect(refusalOf({ ...good, endpoints: altered })).to.equal('endpoints-signature-invalid');
  });

  it("are refused when they are another environment's, or no newer", () => {
    expect(refusalOf(signEndpoints({ ...endpoints, environmentId: 'e7x3' }, first, []))).to.equal('endpoints-of-another');
    expect(refusalOf(signEndpoints({ ...endpoints, version: 6 }, first, []))).to.equal('endpoints-outdated');
    expect(refusalOf(signEndpoints({ ...endpoints, version: 5 }, first, []))).to.equal('endpoints-outdated');
  });

  it('are refused when they would leave the agent nowhere to go', () => {
    for (const broken of [
      { apiUrl: 'http://new.example:9443' },
      { apiUrl: 'https://new.example:9443/path' },
      { tunnelAddress: 'new.example' },
      { fingerprints: [] },
      { fingerprints: [fingerprintOf(first), Buffer.alloc(31)] },
      { fingerprints: [fingerprintOf(second)] },
      { fingerprints: Array.from({ length: 9 }, () => fingerprintOf(first)) },
    ]) {
      expect(refusalOf(signEndpoints({ ...endpoints, ...broken }, first, [])), JSON.stringify(broken)).to.equal('endpoints-malformed');
    }
  });

  it('can not be made of a succession, nor a succession of endpoints', () => {
    const asEndpoints = { endpoints: chain[0]?.succession ?? new Uint8Array(), signature: chain[0]?.signature ?? new Uint8Array(), tunnelPublicKey: chain[0]?.tunnelPublicKey ?? new Uint8Array(), successions: [] };
    expect(refusalOf(asEndpoints)).to.equal('endpoints-signature-invalid');
    const { endpoints: succession, signature, tunnelPublicKey } = signEndpoints(endpoints, first, []);
    expect(followSuccessions(expected.fingerprints, [{ succession, signature, tunnelPublicKey }])).to.have.length(1);
  });
});

describe('a succession', () => {
  it('leads nowhere when it names no fingerprint or is nonsense', () => {
    const short = signSuccession(Buffer.alloc(31), first);
    const nonsense = { succession: Buffer.from('nonsense'), signature: Buffer.from('x'), tunnelPublicKey: Buffer.from('y') };
    expect(Succession.decode(short.succession).nextFingerprint).to.have.length(31);
    expect(followSuccessions(expected.fingerprints, [short, nonsense])).to.deep.equal(expected.fingerprints);
  });
});
