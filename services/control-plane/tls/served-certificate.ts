/** What the API's port shows to its clients. */

/** A certificate with its key, as the API's listener serves it. */
export interface ServedCertificate {
  /** The leaf, and intermediates where the operator's file has them. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** SHA-256 over the leaf's SPKI: what bindings name. */
  readonly spkiSha256: Buffer;
}

/** The API's certificate over time. */
export interface ApiCertificate {
  current(): ServedCertificate;
  /** The certificate that clients must trust where it is self-signed; null where the operator brought his own. */
  readonly caPem: string | null;
  /** Whether machines that know nothing of this installation trust it. */
  readonly isPublic: boolean;
  /** Makes sure that the certificate names these hosts too; true where it was reissued. An operator's own stays as it is. */
  addNames(hosts: readonly string[]): Promise<boolean>;
  /** Calls back with each new certificate from now on. Returns the way out. */
  onReplaced(listener: (certificate: ServedCertificate) => void): () => void;
  stop(): void;
}
