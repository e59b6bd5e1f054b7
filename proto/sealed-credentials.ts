/**
 * Tunnel credentials on their way to an agent: sealed with nacl.secretbox under a key that needs the join secret and the
 * Edge ID, so that neither of them alone opens anything.
 */
import nacl from 'tweetnacl';
import { TunnelCredentials } from './generated/homeport/poll/v1/poll.ts';

const CONTEXT = Buffer.from('homeport tunnel credentials v1\0', 'utf8');
const { nonceLength, keyLength, overheadLength } = nacl.secretbox;

/** What the key is made of. */
export interface CredentialsKeyParts {
  /** 32 bytes. */
  readonly joinSecret: Uint8Array;
  /** The Edge ID of the agent they are for. */
  readonly edgeId: string;
}

/** Thrown where sealed credentials are not for this agent, or were altered on their way. */
export class SealedCredentialsError extends Error {
  override readonly name = 'SealedCredentialsError';
  readonly code = 'credentials-unreadable';

  constructor() {
    super('the tunnel credentials cannot be opened with this join token and Edge ID');
  }
}

/** Seals credentials: a 24-byte nonce, random unless given, followed by the box over the encoded message. */
export function sealCredentials(
  credentials: TunnelCredentials,
  keyParts: CredentialsKeyParts,
  nonce: Uint8Array = nacl.randomBytes(nonceLength),
): Uint8Array {
  const box = nacl.secretbox(TunnelCredentials.encode(credentials).finish(), nonce, credentialsKey(keyParts));
  return Buffer.concat([nonce, box]);
}

/** Opens what {@link sealCredentials} made. Throws {@link SealedCredentialsError}. */
export function openSealedCredentials(sealed: Uint8Array, keyParts: CredentialsKeyParts): TunnelCredentials {
  if (sealed.length < nonceLength + overheadLength) throw new SealedCredentialsError();
  const message = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), credentialsKey(keyParts));
  if (message === null) throw new SealedCredentialsError();
  return TunnelCredentials.decode(message);
}

/** The first 32 bytes of nacl.hash (SHA-512) over the context, a zero byte, the join secret and the Edge ID in lower case. */
function credentialsKey({ joinSecret, edgeId }: CredentialsKeyParts): Uint8Array {
  return nacl.hash(Buffer.concat([CONTEXT, joinSecret, Buffer.from(edgeId.toLowerCase(), 'utf8')])).subarray(0, keyLength);
}
