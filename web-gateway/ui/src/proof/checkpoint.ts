/** Signed checkpoints as the server lists them, and what a browser can check of one by itself. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import type { ListedAnswer } from '../api/answer.ts';

/** docs/security.md says what each field is. */
export type Checkpoint = ListedAnswer<'/api/v1/checkpoints'>;

const PAGE = 100;

/** Newest first. A new one makes it stale. */
export const checkpointsQuery = infiniteQueryOptions({
  queryKey: ['checkpoints'],
  queryFn: ({ pageParam, signal }) => answerOf(api.GET('/api/v1/checkpoints', { params: { query: { order: 'desc', limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

/** SHA-256 of the key's bytes, in pairs of hexadecimal digits. */
export async function keyFingerprint(publicKey: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytesOf(publicKey));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Whether the signature is the key's over what docs/security.md says; undefined where this browser knows no Ed25519. */
export async function isSignatureGood(checkpoint: Checkpoint): Promise<boolean | undefined> {
  const { signature, publicKey } = checkpoint;
  try {
    const key = await crypto.subtle.importKey('raw', bytesOf(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, bytesOf(signature), signedBytes(checkpoint));
  } catch {
    return undefined;
  }
}

function signedBytes({ controlPlaneNode, position, events, chain, at }: Checkpoint): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`homeport checkpoint v1\0node ${controlPlaneNode}\nposition ${position}\nevents ${events}\nchain ${chain}\ntime ${at}\n`);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
