/** Who calls the audit front, and how that is found out; the composition root says by what accounts. */

/** What a client sends with each call: a name and a password, or, for this front, a name and an API key. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Someone who was let in. */
export interface Caller {
  /** The account's name; its reads are counted together. */
  readonly name: string;
  readonly mayWrite: boolean;
  /** Calls back once this caller may no longer be here: a key that is revoked or expires. Returns the way out. */
  onEnded(ended: () => void): () => void;
}

/** Somebody let in, or why not: nobody that is known (also after too many tries), or known but without the right to read history. */
export type Admission = { readonly caller: Caller } | { readonly refused: 'unauthenticated' | 'forbidden' | 'too-many-attempts' };

/** Asked for each call, so it must be quick. `address` is the peer's IP address. */
export type Authenticate = (credentials: Credentials | undefined, address: string) => Admission;
