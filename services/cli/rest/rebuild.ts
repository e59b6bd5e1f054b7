/** Has a running server rebuild its read models, over REST. */
import { CliError } from '../cli-error.ts';
import type { RestClient } from './rest-client.ts';

/** How far a rebuild is. */
export interface RebuildProgress {
  readonly events: number;
  /** From 0 to 1; null where that is not known. */
  readonly share: number | null;
}

type Line = Partial<RebuildProgress> & { readonly rebuilt?: boolean; readonly problem?: { readonly code: string; readonly detail: string } };

/** Resolves when they are rebuilt; aborting cancels it. Throws CliError with the server's code, or what the abort makes of it. */
export async function rebuildByServer(client: RestClient, onProgress: (progress: RebuildProgress) => void, signal: AbortSignal): Promise<void> {
  for await (const line of client.lines('/projections/rebuild', { method: 'POST', signal })) {
    const { events = 0, share = null, rebuilt, problem } = line as Line;
    if (problem !== undefined) throw new CliError(problem.code, problem.detail);
    onProgress({ events, share });
    if (rebuilt === true) return;
  }
  throw new CliError('server-unreachable', 'the server ended before the read models were rebuilt: it is stopping; run this again once it is back');
}
