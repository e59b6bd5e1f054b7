/** Recognises what looks like a secret among names and values, so that snapshots don't carry it: by name, or by the value's form. */

/** What stands in place of a secret. */
export const MASKED = '********';

/** Parts of names whose values are secrets. */
const SECRET_NAME =
  /pass(?!ive|age|enger)|pwd|passphrase|secret|token|credential|auth(?!or)|api[-_.]?key|(^|[-_.])key([-_.]|$)|(access|private|signing|encryption|account|master|ssh|license|service)[-_.]?key|cookie|session|salt|dsn|webhook|certificate|(^|[-_.])pat([-_.]|$)|basic[-_.]?users|connection[-_.]?string|private/i;
/** Names that only say where a secret is, or which one. */
const HARMLESS_NAME = /[-_.](file|path|url|host|port|name|type|ttl|length|expiry|expires|timeout|enabled|provider|method|backend)$/i;

/** Forms that secrets have, whatever they are called. */
const SECRET_FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*(PRIVATE KEY|CERTIFICATE)/,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/, // JSON web tokens
  /\b(ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs]|sk|rk|pk|hp|dckr_pat|npm|pypi|hf|SWMTKN|shpat|whsec|AGE-SECRET-KEY)[-_][\w-]{16,}/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[\w-]{30,}/,
  /\b(Bearer|Basic)\s+[\w+/=.~-]{8,}/i,
  /\$(2[aby]|5|6|argon2id?|apr1)\$/, // password hashes
  /(password|passwd|pwd|secret|token|api[-_]?key|sharedaccesskey|accountkey)\s*[=:]\s*[^\s;&,]+/i,
];
/** Long and random: 32 characters or more of hex or base64 in which letters and digits mix. */
const RANDOM = /^(?=.*\d)(?=.*[a-z])[\da-f]{32,}$|^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w+/-]{32,}={0,2}$/;
const HARMLESS_VALUE = /^(sha256:)?[\da-f]{64}$/;
/** The password in `scheme://user:password@host`, also of a user alone, which is a token as often as not. */
const URL_CREDENTIALS = /\b([a-z][\w+.-]*:\/\/)[^\s/@]+@/gi;
/** Labels of orchestrators whose names would match and whose values are public. */
const PUBLIC_LABEL = /^com\.docker\.(compose\.(project|service|config-hash|container-number|image|version|oneoff|depends_on)|stack|swarm)/;

/** The value as it may be shown: whole, with the credentials in its URLs masked, or {@link MASKED}. */
export function maskSecret(name: string, value: string): string {
  if (value === '' || PUBLIC_LABEL.test(name)) return value;
  const isTrivial = /^(true|false|yes|no|on|off|\d{1,5})$/i.test(value);
  if (SECRET_NAME.test(name) && !isTrivial && !(HARMLESS_NAME.test(name) && !hasSecretForm(value) && !/[?&#@]/.test(value))) return MASKED;
  if (hasSecretForm(value)) return MASKED;
  return value.replace(URL_CREDENTIALS, `$1${MASKED}@`);
}

function hasSecretForm(value: string): boolean {
  if (SECRET_FORMS.some((form) => form.test(value))) return true;
  return RANDOM.test(value) && !HARMLESS_VALUE.test(value);
}
