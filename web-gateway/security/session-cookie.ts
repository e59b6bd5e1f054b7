/** The cookie that holds a session. `__Host-` binds it to this host name, and `SameSite=Strict` keeps it from requests that other sites cause. */
import { parseCookie, stringifySetCookie } from 'cookie';

const NAME = '__Host-homeport';
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

/** The session's token in a Cookie header. */
export function sessionToken(cookieHeader: string | undefined): string | undefined {
  if (cookieHeader === undefined || !cookieHeader.includes(NAME)) return undefined;
  return parseCookie(cookieHeader)[NAME];
}

/** A Set-Cookie header. */
export function sessionCookie(token: string, expiresAt: string): string {
  return stringifySetCookie({ name: NAME, value: token, ...ATTRIBUTES, expires: new Date(expiresAt) });
}

/** A Set-Cookie header that takes the session away. */
export function endedSessionCookie(): string {
  return stringifySetCookie({ name: NAME, value: '', ...ATTRIBUTES, expires: new Date(0) });
}
