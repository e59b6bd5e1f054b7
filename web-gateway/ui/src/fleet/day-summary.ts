/** What the plot of the last day shows, for who cannot see it. */
import type { FleetHistory } from './fleet-queries.ts';

/** In a sentence. */
export function daySummary({ series }: FleetHistory): string {
  const of = (value: string) => series.find((one) => one.value === value) ?? { last: [0], lowest: [0], highest: [0] };
  const [up, down] = [of('up'), of('down')];
  return `The last day: between ${least(up.lowest)} and ${most(up.highest)} environments were up, ${up.last.at(-1) ?? 0} at its end; at most ${most(down.highest)} were down at once.`;
}

const least = (counts: readonly number[]): number => counts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (counts: readonly number[]): number => counts.reduce((a, b) => Math.max(a, b), 0);
