/** Where agents call, so that a self-signed certificate names it. */
import type { EnvironmentQueries } from '../../projections/port.ts';
import { hostOf } from '../application/environment-input.ts';

const PAGE = 1000;

/** The hosts of all environments' addresses, each once. */
export async function environmentHosts(environments: Pick<EnvironmentQueries, 'list'>): Promise<readonly string[]> {
  const hosts = new Set<string>();
  let cursor: string | null = null;
  do {
    const { items, nextCursor }: Awaited<ReturnType<EnvironmentQueries['list']>> = await environments.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const { address } of items) hosts.add(hostOf(address));
    cursor = nextCursor;
  } while (cursor !== null);
  return [...hosts];
}
