/** Bindings: what convinces an agent that a certificate is the control plane's, and what does not. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { BindingError, signBinding, verifyBinding } from '../../proto/binding.ts';
import type { BindingErrorCode, BindingExpectation } from '../../proto/binding.ts';
import { spkiSha256 } from '../../proto/fingerprint.ts';
import { signSuccession } from '../../proto/succession.ts';
import type { GetBindingResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';

const NOW_MS = Date.UTC(2026, 0, 31);
const tunnelKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const strangersKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const binding = { spkiSha256: Buffer.alloc(32, 7), expiresAtMs: NOW_MS + 60_000, nonce: Buffer.alloc(32, 9) };
const expected: BindingExpectation = {
  fingerprints: [fingerprintOf(tunnelKey)],
  nonce: binding.nonce,
  spkiSha256: binding.spkiSha256,
  nowMs: NOW_MS,
};

function fingerprintOf(key: KeyObject): Buffer {
  return spkiSha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

function refusalOf(answer: GetBindingResponse, expectation: BindingExpectation = expected): BindingErrorCode | undefined {
  try {
    verifyBinding(answer, expectation);
    return undefined;
  } catch (error) {
    if (error instanceof BindingError) return error.code;
    throw error;
  }
}

describe('binding', () => {
  it('is believed when the pinned key signed it for this request and this certificate', () => {
    expect(refusalOf(signBinding(binding, tunnelKey))).to.equal(undefined);
  });

  it('is believed on a machine whose clock stands in 1970', () => {
    expect(refusalOf(signBinding(binding, tunnelKey), { ...expected, nowMs: 0 })).to.equal(undefined);
  });

  it("is refused when a stranger signed it, even under the control plane's public key", () => {
    const strangers = signBinding(binding, strangersKey);
    expect(refusalOf(strangers)).to.equal('fingerprint-mismatch');
    expect(refusalOf({ ...strangers, tunnelPublicKey: signBinding(binding, tunnelKey).tunnelPublicKey })).to.equal('binding-signature-invalid');
  });

  it('is refused when one bit of the pin differs', () => {
    const fingerprint = Buffer.from(fingerprintOf(tunnelKey));
    fingerprint[31] = (fingerprint[31] ?? 0) ^ 1;
    expect(refusalOf(signBinding(binding, tunnelKey), { ...expected, fingerprints: [fingerprint] })).to.equal('fingerprint-mismatch');
  });

  it('is refused when it was made for another request, another certificate, or another time', () => {
    const answer = signBinding(binding, tunnelKey);
    expect(refusalOf(answer, { ...expected, nonce: Buffer.alloc(32, 8) })).to.equal('binding-nonce-mismatch');
    expect(refusalOf(answer, { ...expected, spkiSha256: Buffer.alloc(32, 8) })).to.equal('binding-certificate-mismatch');
    expect(refusalOf(answer, { ...expected, nowMs: binding.expiresAtMs })).to.equal('binding-expired');
  });

  it('is refused when it was altered, or is nonsense', () => {
    const answer = signBinding(binding, tunnelKey);
    const altered = Buffer.from(answer.binding);
    altered[5] = (altered[5] ?? 0) ^ 1;
    expect(refusalOf({ ...answer, binding: altered })).to.equal('binding-signature-invalid');
    expect(refusalOf({ ...answer, signature: new Uint8Array(0) })).to.equal('binding-signature-invalid');
    expect(refusalOf({ binding: new Uint8Array(0), signature: new Uint8Array(0), tunnelPublicKey: new Uint8Array(0), successions: [] })).to.equal('fingerprint-mismatch');
  });

  it('is believed when signed by a key that the pinned one named as its successor, and by no other', () => {
    const answer = signBinding(binding, strangersKey, [signSuccession(fingerprintOf(strangersKey), tunnelKey)]);
    expect(refusalOf(answer)).to.equal(undefined);
    // The stranger's own word that it follows.
    expect(refusalOf(signBinding(binding, strangersKey, [signSuccession(fingerprintOf(strangersKey), strangersKey)]))).to.equal('fingerprint-mismatch');
  });
});
