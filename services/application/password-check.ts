/** Hashes and compares passwords: only so many comparisons at once, failures counted, and what does not exist takes as long as what does. */
import { createAttempts } from './attempts.ts';
import { createBoundedQueue } from './bounded-queue.ts';
import type { Clock } from './clock.ts';
import { hashOfNoPassword, hashPassword, isPassword, passwordCost, type PasswordCost } from './passwords.ts';
import { ApplicationError } from './ports/application-error.ts';

export interface PasswordCheck {
  /** What to keep of a password. */
  hash(password: string): Promise<string>;
  /**
   * Whether it is the one hashed; without a hash it never is, and takes as long. `who` is under whom failures count.
   * Throws too-many-attempts.
   */
  isRight(password: string, hash: string | undefined, who: string): Promise<boolean>;
  close(): void;
}

/** Creates it: ten failures a minute. Another `cost` than every installation's is for specs that sign in a lot. */
export function createPasswordCheck(deps: { readonly clock: Clock; readonly cost?: PasswordCost | undefined }): PasswordCheck {
  const { cost = passwordCost } = deps;
  const attempts = createAttempts({ clock: deps.clock, limit: 10, windowMs: 60_000 });
  /** Each takes 32 MiB and a thread for a while: a flood must not take them all. */
  const hashing = createBoundedQueue({ running: 2, waiting: 32 });
  const nobody = hashOfNoPassword(cost);

  const tooMany = (who: string): ApplicationError =>
    new ApplicationError('too-many-attempts', 'too many failed attempts from this address; wait a minute', { retryAfterSeconds: attempts.retryAfterSeconds(who) });

  return {
    hash: (password) => hashPassword(password, cost),
    async isRight(password, hash, who) {
      // Counted before it is known to fail: attempts that come at the same time must count each other.
      if (attempts.fail(who)) throw tooMany(who);
      const checking = hashing.run(() => isPassword(password, hash ?? nobody));
      if (checking === undefined) throw tooMany(who);
      const isRight = (await checking) && hash !== undefined;
      if (isRight) attempts.forgive(who);
      return isRight;
    },
    close: attempts.close,
  };
}
