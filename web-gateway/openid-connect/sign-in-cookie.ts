/** A sign-in under way, kept by the browser itself, sealed: so who comes back is who was sent, and nothing is kept here meanwhile. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { SignInChecks } from './provider.ts';

/** What is remembered of a sign-in. */
export interface StartedSignIn {
  readonly checks: SignInChecks;
  /** A path on this server to go on to. */
  readonly returnTo: string;
}

export interface SignInCookie {
  /** A Set-Cookie header. */
  of(started: StartedSignIn): string;
  /** Undefined where there is none, or none of ours, or an older one. */
  read(cookieHeader: string | undefined): StartedSignIn | undefined;
  /** A Set-Cookie header that takes it away. */
  readonly ended: string;
}

const NAME = '__Host-homeport-oidc';
/** How long one may take at the provider. */
const VALID_SECONDS = 600;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Lax: the provider's page sends the browser back. */
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

/** @param key 32 bytes, for this alone. */
export function createSignInCookie(key: Uint8Array): SignInCookie {
  return {
    of(started) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const text = JSON.stringify({ ...started, untilMs: Date.now() + VALID_SECONDS * 1000 });
      const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return stringifySetCookie({ name: NAME, value: sealed.toString('base64url'), ...ATTRIBUTES, maxAge: VALID_SECONDS });
    },
    read(cookieHeader) {
      const value = cookieHeader === undefined ? undefined : parseCookie(cookieHeader)[NAME];
      if (value === undefined) return undefined;
      const sealed = Buffer.from(value, 'base64url');
      if (sealed.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
        const { checks, returnTo, untilMs } = JSON.parse(text) as StartedSignIn & { readonly untilMs: number };
        return untilMs > Date.now() ? { checks, returnTo } : undefined;
      } catch {
        return undefined;
      }
    },
    ended: stringifySetCookie({ name: NAME, value: '', ...ATTRIBUTES, expires: new Date(0) }),
  };
}
