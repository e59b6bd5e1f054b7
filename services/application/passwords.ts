/** Password hashes: scrypt, with its parameters beside them. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** What it takes to try one password, in scrypt's own terms; a hash says with which it was made. */
export interface PasswordCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** What every installation uses: about 32 MiB and a twentieth of a second. */
export const passwordCost: PasswordCost = { N: 2 ** 15, r: 8, p: 1 };

const keyBytes = 32;
const saltBytes = 16;

function derive(password: string, salt: Buffer, N: number, r: number, p: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** `scrypt$N$r$p$salt$key`, salt and key in base64. */
export async function hashPassword(password: string, { N, r, p }: PasswordCost): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, salt, N, r, p);
  return ['scrypt', N, r, p, salt.toString('base64'), key.toString('base64')].join('$');
}

/** A hash that no password has, and that takes as long to compare with as one that was made at this cost. */
export function hashOfNoPassword({ N, r, p }: PasswordCost): string {
  return ['scrypt', N, r, p, randomBytes(saltBytes).toString('base64'), randomBytes(keyBytes).toString('base64')].join('$');
}

/** Whether the password is the one hashed. Throws on a hash this release does not know. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) throw new Error('unknown password hash');
  const right = Buffer.from(key, 'base64');
  const given = await derive(password, Buffer.from(salt, 'base64'), Number(N), Number(r), Number(p));
  return given.length === right.length && timingSafeEqual(given, right);
}
