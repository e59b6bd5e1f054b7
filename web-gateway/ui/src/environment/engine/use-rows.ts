/** The lists of an engine, from itself or from its last snapshot. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { isCode } from '../../api/api-error.ts';
import { withVisibleControlsIn } from '../../api/visible-controls.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import type { EngineRows, Section } from './engine-rows.ts';
import { askRows } from './rows-of-engine.ts';
import { rowsOfSnapshot } from './rows-of-snapshot.ts';

/** One list. */
export interface Rows<Name extends Section> {
  /** Undefined while they are on their way. */
  readonly rows: EngineRows[Name] | undefined;
  readonly error: unknown;
  /** How many there were, where a snapshot has only some; null where that is not known. */
  readonly cutOf: number | null | undefined;
  again(): void;
}

/** What an answer of an engine is kept by: no change that is told live makes it stale, the engine's own events do (use-engine-events.ts). */
export function engineKey(id: string, node: string | undefined, ...rest: readonly unknown[]): readonly unknown[] {
  return ['engine', id, node ?? null, ...rest];
}

/** Of the engine that the page shows. */
export function useRows<Name extends Section>(section: Name): Rows<Name> {
  const { environment, node, source, snapshot, snapshotError } = useEnvironmentPage();
  const isLive = source.kind === 'engine';
  const live = useQuery({
    queryKey: engineKey(environment.id, node, section),
    queryFn: async ({ signal }) => withVisibleControlsIn(await askRows[section]({ environmentId: environment.id, node: node ?? null, signal })),
    enabled: isLive && source.isReachable,
    staleTime: 5_000,
  });
  const kept = useMemo(() => (snapshot === null || snapshot === undefined ? undefined : rowsOfSnapshot(snapshot.snapshot)), [snapshot]);
  // What was there before is shown while the engine is away, and not in place of what is more than a page can hold.
  const error = live.data === undefined || isCode(live.error, 'answer-too-large') ? live.error : null;
  if (isLive) return { rows: live.data, error, cutOf: undefined, again: () => void live.refetch() };
  return { rows: kept?.[section] ?? (snapshot === null ? ([] as EngineRows[Name]) : undefined), error: snapshotError, cutOf: snapshot?.snapshot.truncated[section]?.of, again: () => undefined };
}
