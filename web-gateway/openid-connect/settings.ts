/** What signing in by OpenID Connect goes by. */
import type { Role } from '../../services/domain/events.ts';

export interface OpenIdConnectSettings {
  /** The provider's issuer, an https URL. */
  readonly issuer: string;
  readonly clientId: string;
  /** Secret. Absent for a public client, which PKCE protects alone. */
  readonly clientSecret?: string;
  /** Scopes to ask for, with blanks; `openid profile email` by default. */
  readonly scope?: string;
  /** The claim that lists a user's groups; `groups` by default. */
  readonly groupsClaim?: string;
  /** Which role a group gives; of several the highest counts. Who is in none of them is refused. */
  readonly roles: ReadonlyMap<string, Role>;
  /** Where the provider sends browsers back, as it is registered there; by default /api/v1/oidc/callback at the address that the browser called. */
  readonly redirectUrl?: string;
  /** Authorities to trust for the provider's certificate instead of this machine's, PEM. */
  readonly caPem?: string;
}
