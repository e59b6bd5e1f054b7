/** History as an auditor reads it: by `homeport events list`. */
import type { HomeportServer } from '../../../support/homeport.ts';

export interface ListedEvent {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly actor?: string; readonly $correlationId?: string };
}

/** Oldest first. Further flags narrow it down. */
export async function listEvents(server: HomeportServer, ...flags: readonly string[]): Promise<readonly ListedEvent[]> {
  const { code, stdout, stderr } = await server.homeport('events', 'list', '--json', ...flags);
  if (code !== 0) throw new Error(`listing events failed: ${stderr}`);
  return JSON.parse(stdout) as ListedEvent[];
}
