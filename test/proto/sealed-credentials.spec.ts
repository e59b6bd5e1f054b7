/** Sealed tunnel credentials: who can open them, and who can't. */
import { expect } from 'chai';
import { SealedCredentialsError, openSealedCredentials, sealCredentials } from '../../proto/sealed-credentials.ts';
import type { TunnelCredentials } from '../../proto/generated/homeport/poll/v1/poll.ts';

const KEY_PARTS = {
  joinSecret: Buffer.from('e00aaab6aaa0d922bcdd321103b3ec5c2891fc54a01a87e4b7564fa28422c369', 'hex'),
  edgeId: '7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11',
};
const CREDENTIALS: TunnelCredentials = {
  credentialsId: 'c1',
  secret: new Uint8Array(32).fill(0xab),
  tunnelAddress: 'homeport.example:8000',
  validForMs: 10_000,
};
// Reckoned by another implementation of XSalsa20-Poly1305, with the nonce 00 01 … 17.
const SEALED_HEX =
  '000102030405060708090a0b0c0d0e0f10111213141516172fa0609c4813924b41cbc475fdc2eddacf0c27f8a85e73201a03ba768f42852532be130dcde728' +
  'ee470ee6d6f4908083c73ccc0eaac486683c30489de71a24444fa7b2aba8c1eb23b691dc38f634d53b';

describe('sealed credentials', () => {
  it('are a nonce and the box of nacl.secretbox under the documented key', () => {
    const nonce = Uint8Array.from({ length: 24 }, (_, index) => index);
    expect(Buffer.from(sealCredentials(CREDENTIALS, KEY_PARTS, nonce)).toString('hex')).to.equal(SEALED_HEX);
  });

  it('are opened by the agent they are for, however its Edge ID is written', () => {
    for (const edgeId of [KEY_PARTS.edgeId, KEY_PARTS.edgeId.toUpperCase()]) {
      const opened = openSealedCredentials(Buffer.from(SEALED_HEX, 'hex'), { ...KEY_PARTS, edgeId });
      expect({ ...opened, secret: Buffer.from(opened.secret) }).to.deep.equal({ ...CREDENTIALS, secret: Buffer.alloc(32, 0xab) });
    }
  });

  it('differ each time they are sealed', () => {
    expect(sealCredentials(CREDENTIALS, KEY_PARTS)).to.not.deep.equal(sealCredentials(CREDENTIALS, KEY_PARTS));
  });

  it('stay shut for another Edge ID, for another join secret, altered, and cut off', () => {
    const sealed = Buffer.from(SEALED_HEX, 'hex');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    const attempts: [Uint8Array, typeof KEY_PARTS][] = [
      [sealed, { ...KEY_PARTS, edgeId: KEY_PARTS.edgeId.replace('7d', '7e') }],
      [sealed, { ...KEY_PARTS, joinSecret: Buffer.alloc(32) }],
      [altered, KEY_PARTS],
      [sealed.subarray(0, 39), KEY_PARTS],
      [new Uint8Array(0), KEY_PARTS],
    ];
    for (const [box, parts] of attempts) expect(() => openSealedCredentials(box, parts)).to.throw(SealedCredentialsError);
  });
});
