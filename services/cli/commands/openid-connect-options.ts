/** What the --oidc-… flags of `homeport serve` mean together. */
import { readFileSync } from 'node:fs';
import type { ControlPlaneOptions } from '../../control-plane/options.ts';
import { misuse } from '../cli-error.ts';
import { readSecretFile } from '../flags.ts';
import { ROLES } from '../rest/users.ts';
import type { ServeFlags } from './serve-options.ts';

type Settings = NonNullable<ControlPlaneOptions['openIdConnect']>;

/** Undefined where no provider is named. Throws misuse, and CliError `secret-file-unreadable`. */
export function openIdConnectOf(flags: ServeFlags, env: NodeJS.ProcessEnv): Settings | undefined {
  const { oidcIssuer, oidcClientId, oidcClientSecretFile, oidcRoleMap, oidcGroupsClaim, oidcScope, oidcRedirectUrl, oidcCaFile } = flags;
  if (oidcIssuer === undefined) {
    const others = [oidcClientId, oidcClientSecretFile, oidcRoleMap, oidcGroupsClaim, oidcScope, oidcRedirectUrl, oidcCaFile];
    if (others.some((value) => value !== undefined)) throw misuse('the other --oidc-… flags need --oidc-issuer: name the provider');
    return undefined;
  }
  if (oidcClientId === undefined) throw misuse('--oidc-issuer needs --oidc-client-id: name what this server is registered as there');
  if (oidcRoleMap === undefined) throw misuse('--oidc-issuer needs --oidc-role-map: say which group gives which role, such as homeport-admins=admin; everybody else is refused');
  const scope = oidcScope?.trim();
  if (scope?.split(/\s+/).includes('openid') === false) throw misuse(`--oidc-scope is ${scope}: openid must be among them`);
  const clientSecret = oidcClientSecretFile === undefined ? env.HOMEPORT_OIDC_CLIENT_SECRET : readSecretFile(oidcClientSecretFile);
  return {
    issuer: checkedUrl('--oidc-issuer', oidcIssuer),
    clientId: oidcClientId,
    roles: new Map(oidcRoleMap.map(roleOf)),
    ...(clientSecret === undefined || clientSecret === '' ? {} : { clientSecret }),
    ...(oidcGroupsClaim === undefined ? {} : { groupsClaim: oidcGroupsClaim }),
    ...(scope === undefined ? {} : { scope }),
    ...(oidcRedirectUrl === undefined ? {} : { redirectUrl: checkedUrl('--oidc-redirect-url', oidcRedirectUrl) }),
    ...(oidcCaFile === undefined ? {} : { caPem: readAuthorities(oidcCaFile) }),
  };
}

function roleOf(text: string): [string, Settings['roles'] extends ReadonlyMap<string, infer Role> ? Role : never] {
  const at = text.lastIndexOf('=');
  const [group, name] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
  const role = ROLES.find((one) => one === name);
  if (group === '' || role === undefined) throw misuse(`--oidc-role-map is ${text}: give GROUP=ROLE, with one of ${ROLES.join(', ')}`);
  return [group, role];
}

/** What goes to a provider holds codes and tokens: never in the clear. */
function checkedUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw misuse(`${name} is ${text}: give an https URL`);
  return text;
}

function readAuthorities(file: string): string {
  let pem = '';
  try {
    pem = readFileSync(file, 'utf8');
  } catch {
    // Told below, with a file that holds none.
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw misuse(`--oidc-ca-file is ${file}: name a readable PEM file with certificates`);
  return pem;
}
