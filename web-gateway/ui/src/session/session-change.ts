/**
 * A session that the page itself replaces or ends: who changes their own password goes on, although all their sessions end, and who signs out
 * is told of its end by other answers, too.
 */

let change: Promise<unknown> | undefined;

/** Says that the session is being replaced or ended until the call is answered; gives its answer. */
export async function whileSessionChanges<Answer>(call: Promise<Answer>): Promise<Answer> {
  change = call;
  try {
    return await call;
  } finally {
    change = undefined;
  }
}

/** Resolves once no session is being replaced or ended. */
export async function untilSessionHasChanged(): Promise<void> {
  await change?.catch(() => undefined);
}
