/** What can't be undone is asked first. */
import { CliError, misuse } from './cli-error.ts';
import { canAsk, confirm } from './prompt.ts';

/** Asks, unless told not to. Throws {@link CliError} `cancelled`, and misuse where there is nobody to ask. */
export async function agreed(flags: { readonly yes?: true }, question: string): Promise<void> {
  if (flags.yes === true) return;
  if (!canAsk()) throw misuse(`there is nobody to ask “${question}” here: pass --yes to do it`);
  if (!(await confirm(question))) throw new CliError('cancelled', 'cancelled');
}
