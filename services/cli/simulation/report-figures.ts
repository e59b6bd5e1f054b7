/** Prints a fleet's figures, a line a period, and at the end those of all of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet, FleetFigures } from '../../../agent/fleet/fleet.ts';
import { renderList } from '../output.ts';
import { FIGURES } from './figures-table.ts';

/** Prints until the signal aborts, or `durationSeconds` have gone. Throws what the fleet throws. */
export async function reportFigures(fleet: Fleet, options: { readonly everySeconds: number; readonly durationSeconds: number | undefined; readonly isJson: boolean; readonly signal: AbortSignal }): Promise<void> {
  const { everySeconds, durationSeconds = Infinity, isJson, signal } = options;
  const startedMs = performance.now();
  const endsMs = startedMs + durationSeconds * 1000;
  const print = (label: string, figures: FleetFigures, isTotal: boolean): void => {
    const line = isJson ? `${JSON.stringify({ at: new Date().toISOString(), total: isTotal, ...figures })}\n` : renderList([{ label, figures }], FIGURES, { output: 'table' }, { hasTitles: false });
    process.stdout.write(line);
  };
  if (!isJson) process.stdout.write(renderList([], FIGURES, { output: 'table' }));
  for (let nextMs = startedMs, isLast = false; !isLast; ) {
    nextMs = Math.min(nextMs + everySeconds * 1000, endsMs);
    await delay(Math.max(0, nextMs - performance.now()), undefined, { signal }).catch(() => undefined);
    isLast = signal.aborted || nextMs === endsMs;
    const { period, total } = await fleet.figures();
    print(`${String(Math.round((performance.now() - startedMs) / 1000))}s`, period, false);
    if (isLast) print('all', total, true);
  }
}
