/** The installation's settings, with the tag that says which version of them this is. */
import { queryOptions } from '@tanstack/react-query';
import { errorOf } from '../api/api-error.ts';
import { api } from '../api/client.ts';
import type { paths } from '../api/generated/openapi.d.ts';

export type Settings = paths['/api/v1/settings']['get']['responses'][200]['content']['application/json'];

export interface TaggedSettings {
  readonly settings: Settings;
  /** For If-Match. */
  readonly tag: string;
}

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async (): Promise<TaggedSettings> => tagged(await api.GET('/api/v1/settings')),
});

/** Throws {@link import('../api/api-error.ts').ApiError} where it failed. */
export async function tagged({ data, error, response }: { readonly data?: Settings; readonly error?: unknown; readonly response: Response }): Promise<TaggedSettings> {
  if (data === undefined) throw await errorOf(new Response(JSON.stringify(error ?? {}), { status: response.status, headers: response.headers }));
  return { settings: data, tag: response.headers.get('etag') ?? '*' };
}
