/** Fingerprints in their text form. */
import { expect } from 'chai';
import { parseFingerprint, spkiSha256 } from '../../proto/fingerprint.ts';

describe('fingerprint', () => {
  it('is SHA-256 in canonical base64', () => {
    const fingerprint = spkiSha256(Buffer.from('tunnel'));
    expect(fingerprint.toString('base64')).to.equal('lKNf3DDffRKaRHIX+f+t5+SRe9zJBGDX2y8EYMCMDgY=');
    expect(parseFingerprint(fingerprint.toString('base64'))?.equals(fingerprint)).to.equal(true);
  });

  it('is refused cut off, in another alphabet, or with stray bits', () => {
    const text = 'lKNf3DDffRKaRHIX+f+t5+SRe9zJBGDX2y8EYMCMDgY=';
    for (const bad of ['', text.slice(0, -1), text.replaceAll('+', '-'), text.replace('Y=', 'Z='), `${text}\n`]) {
      expect(parseFingerprint(bad), bad).to.equal(undefined);
    }
  });
});
