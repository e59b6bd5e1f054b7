/** Does something with an engine, says what became of it, and shows what it is like after. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { messageOf } from '../../api/api-error.ts';
import { callDocker, type DockerCall } from '../../api/docker.ts';
import { sayDone, sayFailed } from '../../parts/say.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { engineKey } from './use-rows.ts';

/** A call of the Docker API; `POST` where no method is said. */
export interface EngineCall extends Pick<DockerCall, 'method' | 'query' | 'body'> {
  /** Of the Docker API. */
  readonly path: string;
}

/** Calls that are told of together. */
export interface EngineAction {
  /** What is told when it is done, such as `web is stopped`. */
  readonly done: string;
  /** What it is told as where it fails, such as `web could not be stopped`. */
  readonly failed: string;
  readonly calls: readonly EngineCall[];
}

/** A browser has six connections for all its tabs. */
const AT_ONCE = 3;

/** `isBusy` while it is under way; `run` resolves when it is over, whichever way. */
export function useEngineAction(): { readonly isBusy: boolean; readonly run: (action: EngineAction) => Promise<boolean> } {
  const { environment, node } = useEnvironmentPage();
  const client = useQueryClient();
  const [running, setRunning] = useState(0);
  const { id } = environment;

  const run = useCallback(
    async ({ done, failed, calls }: EngineAction): Promise<boolean> => {
      setRunning((count) => count + 1);
      const failures: string[] = [];
      const left = [...calls];
      const work = async (): Promise<void> => {
        for (let call = left.shift(); call !== undefined; call = left.shift()) {
          await callDocker(id, call.path, { method: call.method ?? 'POST', node: node ?? null, ...(call.query === undefined ? {} : { query: call.query }), ...(call.body === undefined ? {} : { body: call.body }) }).catch((error: unknown) => failures.push(messageOf(error)));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await client.invalidateQueries({ queryKey: engineKey(id, node) });
      setRunning((count) => count - 1);
      if (failures.length === 0) sayDone(done);
      else sayFailed(calls.length === 1 ? failed : `${failed} (${failures.length} of ${calls.length})`, [...new Set(failures)].join(' '));
      return failures.length === 0;
    },
    [client, id, node],
  );
  return { isBusy: running > 0, run };
}
