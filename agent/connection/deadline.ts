/** Bounds a wait in time beside its signal. */

/** A signal that aborts with the given one, or after so many milliseconds with the error. `clear` when done. */
export function withDeadline(signal: AbortSignal, ms: number, error: () => Error): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(error()), ms);
  return { signal: AbortSignal.any([signal, controller.signal]), clear: () => clearTimeout(timer) };
}
