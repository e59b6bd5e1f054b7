/** Who uses an installation: by its pages, or beside them. */
import { request, type APIRequestContext } from 'playwright-core';
import type { HomeportServer } from '../../support/homeport.ts';

export interface Person {
  readonly username: string;
  readonly password: string;
}

/** The admin that the server made at its first start. */
export function adminOf({ admin }: Pick<HomeportServer, 'admin'>): Person {
  if (admin === undefined) throw new Error('the server has made no admin');
  return admin;
}

/** Who looks at everything and changes nothing, once {@link adminElsewhere} or a key has made the account. */
export const AUDITOR = { username: 'ada', password: 'the tides of Gdansk 1891', role: 'auditor' } as const;

/** The admin once more, elsewhere: what they change, the page has to hear of. Dispose of it. */
export async function adminElsewhere(server: HomeportServer): Promise<APIRequestContext> {
  const elsewhere = await request.newContext({ baseURL: server.url, ignoreHTTPSErrors: true, extraHTTPHeaders: { 'x-homeport-csrf': '1', origin: server.url } });
  await elsewhere.post('/api/v1/sessions', { data: adminOf(server) });
  return elsewhere;
}

/** Where agents on this machine reach the server, for the body of a new environment. */
export function addressesHere({ httpsPort, tunnelPort }: HomeportServer): { readonly address: string; readonly tunnelAddress: string; readonly allowLoopback: true } {
  return { address: `localhost:${httpsPort}`, tunnelAddress: `localhost:${tunnelPort}`, allowLoopback: true };
}
