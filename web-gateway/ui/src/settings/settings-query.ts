/** The installation's settings, with the tag that says which version of them this is. */
import { queryOptions } from '@tanstack/react-query';
import type { Answer } from '../api/answer.ts';
import { api, taggedAnswerOf, type ApiCall } from '../api/client.ts';

/** docs/configuration.md says what each means. */
export type Settings = Answer<'/api/v1/settings'>;

/** Settings and their version. */
export interface TaggedSettings {
  readonly settings: Settings;
  /** For If-Match. */
  readonly tag: string;
}

/** As they are now. */
export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async (): Promise<TaggedSettings> => tagged(api.GET('/api/v1/settings')),
});

/** Of a call that answers with settings. Throws {@link import('../api/api-error.ts').ApiError} where it failed. */
export async function tagged(call: ApiCall<Settings>): Promise<TaggedSettings> {
  const { body, tag } = await taggedAnswerOf(call);
  return { settings: body, tag };
}
