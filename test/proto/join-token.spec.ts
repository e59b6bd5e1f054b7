/** Join tokens: written, read, refused with a reason, and never repeated. */
import { expect } from 'chai';
import { deriveJoinSecret, isJoinSecret } from '../../proto/join-secret.ts';
import { JoinTokenError, apiAddress, describeJoinToken, encodeJoinToken, parseJoinToken } from '../../proto/join-token.ts';
import type { JoinToken, JoinTokenPart } from '../../proto/join-token.ts';

const SECRET_HEX = 'e00aaab6aaa0d922bcdd321103b3ec5c2891fc54a01a87e4b7564fa28422c369';
const TOKEN: JoinToken = {
  apiUrl: 'https://homeport.example:9443',
  tunnelAddress: 'homeport.example:8000',
  tunnelFingerprint: 'lKNf3DDffRKaRHIX+f+t5+SRe9zJBGDX2y8EYMCMDgY=',
  environmentId: 'e7x2',
  joinSecret: Buffer.from(SECRET_HEX, 'hex'),
};
const ENCODED =
  'aHR0cHM6Ly9ob21lcG9ydC5leGFtcGxlOjk0NDN8aG9tZXBvcnQuZXhhbXBsZTo4MDAwfGxLTmYzRERmZlJLYVJISVgrZit0NStTUmU5ekpCR0RYMnk4RVlNQ01EZ1k9' +
  'fGU3eDIuNEFxcXRxcWcyU0s4M1RJUkE3UHNYQ2lSX0ZTZ0dvZmt0MVpQb29RaXcyaw';

function flawOf(text: string): JoinTokenPart | undefined {
  try {
    parseJoinToken(text);
    return undefined;
  } catch (error) {
    if (error instanceof JoinTokenError) return error.part;
    throw error;
  }
}

function tokenOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '');
}

describe('join secret', () => {
  it('is HMAC-SHA256 of the id, a zero byte and the version, so that each version has another', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(deriveJoinSecret(key, 'e7x2', 1).toString('hex')).to.equal(SECRET_HEX);
    expect(deriveJoinSecret(key, 'e7x2', 2).toString('hex')).to.not.equal(SECRET_HEX);
    expect(deriveJoinSecret(key, 'e7x', 21).equals(deriveJoinSecret(key, 'e7x2', 1))).to.equal(false);
  });

  it('is recognised only whole', () => {
    const right = Buffer.from(SECRET_HEX, 'hex');
    expect(isJoinSecret(Buffer.from(right), right)).to.equal(true);
    expect(isJoinSecret(right.subarray(0, 31), right)).to.equal(false);
    expect(isJoinSecret(new Uint8Array(0), right)).to.equal(false);
    expect(isJoinSecret(new Uint8Array(32), right)).to.equal(false);
  });
});

describe('join token', () => {
  it('is the base64, without padding, of its four parts', () => {
    expect(encodeJoinToken(TOKEN)).to.equal(ENCODED);
    expect(parseJoinToken(ENCODED)).to.deep.equal(TOKEN);
  });

  it('is read as it was pasted: wrapped, indented, or with padding', () => {
    expect(parseJoinToken(`  ${ENCODED.slice(0, 76)}\n  ${ENCODED.slice(76)}\r\n`)).to.deep.equal(TOKEN);
    expect(parseJoinToken(`${ENCODED}==`)).to.deep.equal(TOKEN);
  });

  it('is refused wherever it was cut off', () => {
    for (let length = 0; length < ENCODED.length; length += 1) {
      expect(flawOf(ENCODED.slice(0, length)), `cut to ${length} characters`).to.not.equal(undefined);
    }
  });

  it('names the part that is wrong', () => {
    const [url, address, fingerprint, last] = [TOKEN.apiUrl, TOKEN.tunnelAddress, TOKEN.tunnelFingerprint, `e7x2.${'A'.repeat(43)}`];
    expect(flawOf(tokenOf([url, address, fingerprint, last].join('|')))).to.equal(undefined);
    expect(flawOf('not a token!')).to.equal('encoding');
    expect(flawOf(tokenOf([url, address, fingerprint].join('|')))).to.equal('encoding');
    for (const bad of ['http://homeport.example', 'https://user@homeport.example', 'https://homeport.example/api', 'homeport.example', '']) {
      expect(flawOf(tokenOf([bad, address, fingerprint, last].join('|'))), bad).to.equal('api-url');
    }
    for (const bad of ['homeport.example', 'homeport.example:0', 'homeport.example:65536', '::1:8000', '[nonsense]:8000', 'a b:8000']) {
      expect(flawOf(tokenOf([url, bad, fingerprint, last].join('|'))), bad).to.equal('tunnel-address');
    }
    for (const bad of ['', fingerprint.slice(0, -1), fingerprint.slice(4), fingerprint.replace('Y=', 'Z=')]) {
      expect(flawOf(tokenOf([url, address, bad, last].join('|'))), bad).to.equal('tunnel-fingerprint');
    }
    for (const bad of [last.slice(1).toUpperCase(), last.slice(4), last.replace('e7x2', 'e7-2')]) {
      expect(flawOf(tokenOf([url, address, fingerprint, bad].join('|'))), bad).to.equal('environment-id');
    }
    for (const bad of ['e7x2', 'e7x2.', last.slice(0, -1), `${last}A`, `${last.slice(0, -1)}B`]) {
      expect(flawOf(tokenOf([url, address, fingerprint, bad].join('|'))), bad).to.equal('join-secret');
    }
  });

  it('says in one line what to do, and repeats nothing of the token', () => {
    const broken = ENCODED.slice(0, -3);
    try {
      parseJoinToken(broken);
      expect.fail('was read');
    } catch (error) {
      if (!(error instanceof JoinTokenError)) throw error;
      expect(error.code).to.equal('malformed-token');
      expect(error.message).to.match(/copy it again/).and.not.contain('\n');
      expect(error.message).to.not.contain(broken.slice(0, 12)).and.not.contain('e7x2').and.not.contain('4Aqq');
    }
  });

  it('is described with its secret masked', () => {
    const description = describeJoinToken(TOKEN);
    expect(description.environment).to.equal('e7x2.********');
    expect(JSON.stringify(description)).to.not.contain('4Aqq');
  });

  it('names where to poll, also by IPv6 and by the default port', () => {
    expect(apiAddress(TOKEN)).to.deep.equal({ host: 'homeport.example', port: 9443 });
    expect(apiAddress({ apiUrl: 'https://homeport.example' })).to.deep.equal({ host: 'homeport.example', port: 443 });
    expect(apiAddress({ apiUrl: 'https://[::1]:9443' })).to.deep.equal({ host: '::1', port: 9443 });
  });
});
