/** What the address of adding an environment says. */
import { textsOf } from '../address/texts-of.ts';

/** All of it may be absent. */
export interface NewEnvironmentSearch {
  /** The environment that was made, whose agent is waited for. */
  readonly id?: string;
  /** Which command is shown. */
  readonly platform?: string;
}

/** What is not known is left out. */
export function readNewEnvironmentSearch(search: Record<string, unknown>): NewEnvironmentSearch {
  return textsOf(search, ['id', 'platform']);
}
