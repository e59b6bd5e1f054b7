/** The lists of an engine, from itself or from its last snapshot. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
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
    queryFn: ({ signal }) => askRows[section]({ environmentId: environment.id, node: node ?? null, signal }),
    enabled: isLive && source.isReachable,
    staleTime: 5_000,
  });
  const kept = useMemo(() => (snapshot === null || snapshot === undefined ? undefined : rowsOfSnapshot(snapshot.snapshot)), [snapshot]);
  if (isLive) return { rows: live.data, error: live.data === undefined ? live.error : null, cutOf: undefined, again: () => void live.refetch() };
  return { rows: kept?.[section] ?? (snapshot === null ? ([] as EngineRows[Name]) : undefined), error: snapshotError, cutOf: snapshot?.snapshot.truncated[section]?.of, again: () => undefined };
}
