/** How many environments were up, and were not, over a stretch of time: a picture behind the slider. */
import { WHY_NO_HISTORY, type FleetHistory } from '../fleet/fleet-queries.ts';
import classes from './past.module.css';
import type { TimeWindow } from './time-window.ts';

const HEIGHT = 100;
/** From the bottom to the top. */
const LAYERS = [
  { name: 'up', values: ['up'] },
  { name: 'down', values: ['down', 'duplicate'] },
  { name: 'other', values: ['never', 'unassociated'] },
] as const;

export function FleetPlot({ history, window }: { readonly history: FleetHistory | null | undefined; readonly window: TimeWindow }): React.JSX.Element | null {
  if (history === undefined) return null;
  if (history === null) return <p className={classes['noPlot']}>{WHY_NO_HISTORY}</p>;
  const stepMs = history.stepSeconds * 1000;
  const starts = history.at.map((at) => Date.parse(at));
  const counts = LAYERS.map(({ values }) => sum(history, values));
  const most = Math.max(1, ...starts.map((_, index) => counts.reduce((total, layer) => total + (layer[index] ?? 0), 0)));
  const x = (ms: number): number => (1000 * (Math.min(window.toMs, Math.max(window.fromMs, ms)) - window.fromMs)) / (window.toMs - window.fromMs);
  const below = starts.map(() => 0);
  const layers = LAYERS.map(({ name }, layer) => {
    const bottom = [...below];
    for (const index of starts.keys()) below[index] = (below[index] ?? 0) + (counts[layer]?.[index] ?? 0);
    return { name, path: area(starts, stepMs, x, bottom, below, most) };
  });

  return (
    <svg className={classes['plot']} viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Environments over this time, up to ${most}`}>
      {layers.map(({ name, path }) => (
        <path key={name} d={path} data-layer={name} />
      ))}
    </svg>
  );
}

function sum({ series, at }: FleetHistory, values: readonly string[]): readonly number[] {
  const chosen = series.filter(({ value }) => values.includes(value));
  return at.map((_, index) => chosen.reduce((total, { last }) => total + (last[index] ?? 0), 0));
}

/** An area in steps, between two lines. */
function area(starts: readonly number[], stepMs: number, x: (ms: number) => number, bottom: readonly number[], top: readonly number[], most: number): string {
  const y = (count: number | undefined): string => (HEIGHT - (HEIGHT * 0.92 * (count ?? 0)) / most).toFixed(2);
  const line = (counts: readonly number[]): string[] => starts.map((start, index) => `${x(start).toFixed(2)},${y(counts[index])} ${x(start + stepMs).toFixed(2)},${y(counts[index])}`);
  const back = starts.map((start, index) => `${x(start + stepMs).toFixed(2)},${y(bottom[index])} ${x(start).toFixed(2)},${y(bottom[index])}`).reverse();
  return starts.length === 0 ? '' : `M${[...line(top), ...back].join(' L')}Z`;
}
