/** Reads a join token in the browser: base64 of `API URL|tunnel address|tunnel fingerprint|id.secret` (proto/join-token.ts). */

/** docs/protocol.md says what each is for. */
export interface JoinTokenParts {
  readonly apiUrl: string;
  readonly tunnelAddress: string;
  readonly tunnelFingerprint: string;
  readonly environmentId: string;
  readonly joinSecret: string;
}

/** Undefined for what is none. */
export function joinTokenParts(token: string): JoinTokenParts | undefined {
  let text: string;
  try {
    text = atob(token);
  } catch {
    return undefined;
  }
  const [apiUrl, tunnelAddress, tunnelFingerprint, last, ...more] = text.split('|');
  const [environmentId, joinSecret] = last?.split('.') ?? [];
  if (apiUrl === undefined || tunnelAddress === undefined || tunnelFingerprint === undefined || environmentId === undefined || joinSecret === undefined || more.length > 0) return undefined;
  return { apiUrl, tunnelAddress, tunnelFingerprint, environmentId, joinSecret };
}

/** The token with all but its beginning hidden: nobody takes it for the whole. */
export function maskedToken(token: string): string {
  return `${token.slice(0, 8)}••••••••`;
}
