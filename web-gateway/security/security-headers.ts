/** The headers that every answer of the gateway carries. */

/**
 * For answers that are data. There is no Strict-Transport-Security: it would bind every other service of the same host
 * name, whatever its port, and browsers ignore it where the certificate is self-signed.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** For what an engine answers: whatever it is, a browser treats it as nobody's document, without scripts. */
export const engineContentHeaders: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'content-security-policy': "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
