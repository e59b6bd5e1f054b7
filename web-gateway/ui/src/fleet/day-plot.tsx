/** How many environments were up and down over the last day, drawn; and the same in a sentence. */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { FleetHistory } from './fleet-queries.ts';
import { daySummary } from './day-summary.ts';

/** As the states' words have them: parts/status-word. */
const COLOURS = { light: { up: '#1a6b3c', upArea: 'rgba(26, 107, 60, 0.12)', down: '#a8261c', axis: '#566365' }, dark: { up: '#6fd198', upArea: 'rgba(111, 209, 152, 0.14)', down: '#ff9b93', axis: '#9fb0b6' } } as const;

export function DayPlot({ history, height }: { readonly history: FleetHistory; readonly height: number }): React.JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    const within = element.current;
    if (within === null) return undefined;
    const { up, upArea, down, axis } = COLOURS[scheme];
    const times = history.at.map((at) => Date.parse(at) / 1000);
    const of = (value: string, which: 'last' | 'highest'): readonly number[] => history.series.find((one) => one.value === value)?.[which] ?? times.map(() => 0);
    const plot = new uPlot(
      {
        width: within.clientWidth,
        height,
        cursor: { show: false },
        legend: { show: false },
        padding: [4, 16, 0, 16],
        scales: { y: { range: (_, _least, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [
          { stroke: axis, font: '11px system-ui', size: 18, gap: 2, space: 56, grid: { show: false }, ticks: { show: false }, values: (_, at) => at.map((one) => new Date(one * 1000).toLocaleTimeString(undefined, { hour: 'numeric' })) },
          { show: false },
        ],
        series: [
          {},
          { stroke: up, fill: upArea, width: 1.5, points: { show: false } },
          // The most within each step: a short outage shows.
          { stroke: down, width: 1.5, dash: [4, 3], points: { show: false } },
        ],
      },
      [times, [...of('up', 'last')], [...of('down', 'highest')]],
      within,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: within.clientWidth, height }));
    observer.observe(within);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [history, scheme, height]);

  return <div ref={element} role="img" aria-label={daySummary(history)} style={{ height, minWidth: 0 }} />;
}
