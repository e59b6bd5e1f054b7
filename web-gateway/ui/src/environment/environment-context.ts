/** What every part of an environment's page needs to know: which one, who looks at it, and where its lists come from. */
import { createContext, useContext } from 'react';
import type { Environment } from '../api/answer.ts';
import type { Question } from '../parts/confirm-dialog.tsx';
import type { LatestSnapshot } from './environment-queries.ts';

/** Where the lists come from: the engine itself, or its last snapshot and why. */
export type Source =
  | { readonly kind: 'engine'; /** Whether it can be asked at this moment. */ readonly isReachable: boolean }
  | { readonly kind: 'snapshot'; readonly why: string };

/** The same for all parts of the page. */
export interface EnvironmentPage {
  readonly environment: Environment;
  /** The Swarm node asked for; undefined is the environment's own engine. */
  readonly node: string | undefined;
  /** The instant that is looked at; undefined is now. */
  readonly at: string | undefined;
  readonly access: 'full' | 'read' | null;
  readonly source: Source;
  /** The last one (of then); null where there is none, undefined while it is on its way. */
  readonly snapshot: LatestSnapshot | null | undefined;
  readonly snapshotError: unknown;
  /** Whether it is on its way: what is not in the snapshot may be there in a moment. */
  readonly isConnecting: boolean;
  /** Why nothing can be done with the engine; null where everything can. */
  readonly whyNoActions: string | null;
  /** Why nothing can be looked at live (logs, figures); null where it can. */
  readonly whyNotLive: string | null;
  /** Asks before something is destroyed; one dialog serves all rows. */
  readonly ask: (question: Question) => void;
}

const EnvironmentPageContext = createContext<EnvironmentPage | undefined>(undefined);

/** Around all parts of the page. */
export const EnvironmentPageProvider = EnvironmentPageContext.Provider;

/** Throws outside of an environment's page. */
export function useEnvironmentPage(): EnvironmentPage {
  const page = useContext(EnvironmentPageContext);
  if (page === undefined) throw new Error('this is no part of an environment’s page');
  return page;
}
