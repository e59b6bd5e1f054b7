/** Looks for secrets where none may be: in files, logs and output, as text and in the encodings they might hide in. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A secret that was found. */
export interface Leak {
  /** The secret's name, never its value. */
  readonly secret: string;
  /** The file or text it was found in. */
  readonly place: string;
  readonly encoding: string;
}

/** Finds each secret in each text. `secrets` and `texts` go by names that a failure may show. */
export function findSecrets(secrets: Readonly<Record<string, string | Uint8Array>>, texts: Readonly<Record<string, string | Uint8Array>>): readonly Leak[] {
  const forms = Object.entries(secrets).flatMap(([secret, value]) => encodings(secret, Buffer.from(value)));
  return Object.entries(texts).flatMap(([place, text]) => {
    const bytes = Buffer.from(text);
    return forms.filter(({ form }) => bytes.includes(form)).map(({ secret, encoding }) => ({ secret, place, encoding }));
  });
}

/** The contents of every file under a folder, by path, but for those under `except` (relative paths). */
export function filesUnder(folder: string, except: readonly string[] = []): Record<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const entries = files.map((entry) => path.join(entry.parentPath, entry.name)).map((file) => [path.relative(folder, file), file] as const);
  return Object.fromEntries(
    entries.filter(([name]) => !except.some((excluded) => name === excluded || name.startsWith(`${excluded}${path.sep}`))).map(([name, file]) => [name, readFileSync(file)]),
  );
}

function encodings(secret: string, value: Buffer): readonly { readonly secret: string; readonly encoding: string; readonly form: Buffer }[] {
  if (value.length < 8) throw new Error(`the secret ${secret} is too short to be looked for`);
  const unpadded = value.toString('base64').replace(/=+$/, '');
  const forms = {
    text: value,
    'JSON text': Buffer.from(JSON.stringify(value.toString()).slice(1, -1)),
    hex: Buffer.from(value.toString('hex')),
    'upper-case hex': Buffer.from(value.toString('hex').toUpperCase()),
    // The last character depends on what follows.
    base64: Buffer.from(unpadded.slice(0, -1)),
    base64url: Buffer.from(value.toString('base64url').slice(0, -1)),
  };
  return Object.entries(forms).map(([encoding, form]) => ({ secret, encoding, form }));
}
