/** Whether a certificate is trusted by machines that were told nothing: its chain ends at an authority that Node or the system brings. */
import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';

/** @param certificatePem the leaf first, intermediates after it, as it is served. It must be valid now. */
export function isPubliclyTrusted(certificatePem: string, authorities: readonly string[] = knownAuthorities()): boolean {
  const [leaf, ...intermediates] = (certificatePem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem));
  if (leaf === undefined) return false;
  const now = Date.now();
  const roots = authorities.map((pem) => new X509Certificate(pem));
  let current = leaf;
  // Each intermediate can stand in the chain once.
  for (let left = intermediates.length; left >= 0; left -= 1) {
    if (current.validFromDate.getTime() > now || current.validToDate.getTime() < now) return false;
    if (roots.some((root) => root.fingerprint256 === current.fingerprint256 || isIssuedBy(current, root))) return true;
    const issuer = intermediates.find((candidate) => isIssuedBy(current, candidate));
    if (issuer === undefined) return false;
    current = issuer;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function knownAuthorities(): readonly string[] {
  return [...getCACertificates('bundled'), ...getCACertificates('system')];
}
