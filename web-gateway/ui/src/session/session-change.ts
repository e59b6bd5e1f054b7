/** A session that is replaced by another one: who changes their own password goes on, although all their sessions end. */

let renewal: Promise<unknown> | undefined;

/** Says that the session is being replaced until the call is answered; gives its answer. */
export async function whileSessionIsRenewed<Answer>(call: Promise<Answer>): Promise<Answer> {
  renewal = call;
  try {
    return await call;
  } finally {
    renewal = undefined;
  }
}

/** Resolves once no session is being replaced. */
export async function untilSessionIsRenewed(): Promise<void> {
  await renewal?.catch(() => undefined);
}
