/** What an operator's grants open: which environments, by their tags, and how far. */
import type { Grant } from './events.ts';

/** How far one may go with an environment: `read` looks, `full` changes. */
export type EnvironmentAccessLevel = Grant['access'];

/** The tag that stands for every environment, whichever tags it has. */
export const EVERY_ENVIRONMENT = '*';

/** How far these grants go with an environment that has these tags; undefined where they don't reach it. */
export function accessByGrants(grants: readonly Grant[], tags: readonly string[]): EnvironmentAccessLevel | undefined {
  const fitting = grants.filter(({ tag }) => tag === EVERY_ENVIRONMENT || tags.includes(tag));
  if (fitting.length === 0) return undefined;
  return fitting.some(({ access }) => access === 'full') ? 'full' : 'read';
}

/** Whether who may go as far as `granted` may do what needs `needed`. */
export function covers(granted: EnvironmentAccessLevel, needed: EnvironmentAccessLevel): boolean {
  return granted === 'full' || needed === 'read';
}

/** The tags of which an environment in reach has at least one; undefined where the grants reach every environment. */
export function tagsInReach(grants: readonly Grant[]): readonly string[] | undefined {
  const tags = grants.map(({ tag }) => tag);
  return tags.includes(EVERY_ENVIRONMENT) ? undefined : tags;
}
