/** Seals what must be kept but read by nobody: nacl.secretbox under the installation key. */
import { createHmac, randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';
import type { Sealed } from '../domain/events.ts';

export interface InstallationSecrets {
  seal(text: string): Sealed;
  /** Throws where the installation key is not the one it was sealed under. */
  open(sealed: Sealed): string;
  /** A key of its own for one purpose, 32 bytes. */
  derive(purpose: string): Uint8Array;
}

/** Uses a 32-byte installation key. */
export function createInstallationSecrets(installationKey: Uint8Array): InstallationSecrets {
  const derive = (purpose: string) => new Uint8Array(createHmac('sha256', installationKey).update(`homeport ${purpose}`).digest());
  const key = derive('sealing v1');

  return {
    derive,
    seal(text) {
      const nonce = new Uint8Array(randomBytes(nacl.secretbox.nonceLength));
      const box = nacl.secretbox(new TextEncoder().encode(text), nonce, key);
      return { sealed: Buffer.concat([nonce, box]).toString('base64') };
    },
    open({ sealed }) {
      const bytes = new Uint8Array(Buffer.from(sealed, 'base64'));
      const nonce = bytes.subarray(0, nacl.secretbox.nonceLength);
      const opened = nacl.secretbox.open(bytes.subarray(nacl.secretbox.nonceLength), nonce, key);
      if (opened === null) throw new Error('the installation key is not the one this was sealed under; start with the keys folder it was made with');
      return new TextDecoder().decode(opened);
    },
  };
}
