/** Holds checkpoints against the chain: what they cover was not altered since, and nothing of it was cut off. */
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import type { LogProblem } from '../event-store/log-verification.ts';
import { isSignatureGood } from './checkpoint-signature.ts';

export interface ChainToProve {
  /** The last position of the log; 0 where it is empty. */
  readonly lastPosition: number;
  /** The chain's hash, in hexadecimal, after the group that ends at a position; undefined where none does. */
  chainAt(position: number): string | undefined;
}

export interface CheckpointProof {
  /** Those that fit, of all that were given. */
  readonly fitting: number;
  readonly given: number;
  /** The newest that fits. */
  readonly newest: SignedCheckpoint | undefined;
  /** What they show to be wrong with the log. */
  readonly problems: readonly LogProblem[];
  /** Those that prove nothing, of the log or against it: altered themselves, forged, or signed by a key that is not the one asked for. */
  readonly unusable: readonly LogProblem[];
}

/** `publicKey` (base64) is the only one that may have signed; any by default. `whose` names them in messages, such as "kept elsewhere". */
export function proveByCheckpoints(checkpoints: readonly SignedCheckpoint[], chain: ChainToProve, options: { readonly publicKey?: string | undefined; readonly whose: string }): CheckpointProof {
  const problems: LogProblem[] = [];
  const unusable: LogProblem[] = [];
  let covered = 0;
  let fitting = 0;
  let newest: SignedCheckpoint | undefined;
  for (const checkpoint of checkpoints.toSorted((a, b) => Number(a.position) - Number(b.position))) {
    const position = Number(checkpoint.position);
    const name = `The checkpoint ${options.whose} of ${checkpoint.at} (position ${position})`;
    const note = (where: LogProblem[], message: string, positions: readonly [number, number]): void => void where.push({ kind: 'checkpoint', message: `${name} ${message}`, positions });
    const found = chain.chainAt(position);
    if (!isSignatureGood(checkpoint)) note(unusable, 'bears no good signature: it was altered itself, or forged.', [position, position]);
    else if (options.publicKey !== undefined && checkpoint.publicKey !== options.publicKey) note(unusable, `is signed by another key, ${checkpoint.publicKey}.`, [position, position]);
    else if (position > chain.lastPosition) note(problems, `covers more than there is: the log ends at ${chain.lastPosition}, and its end was cut off.`, [chain.lastPosition + 1, position]);
    else if (found !== checkpoint.chain || checkpoint.events !== position) note(problems, `does not fit: among positions ${covered + 1} to ${position} the log was written anew since.`, [covered + 1, position]);
    else {
      fitting += 1;
      newest = checkpoint;
      covered = position;
    }
  }
  return { fitting, given: checkpoints.length, newest, problems, unusable };
}
