/** One plot over time, and in words what it shows at its end. */
import { Paper, Text } from '@mantine/core';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Not by its colour alone. */
  readonly isDashed?: boolean;
}

export interface PlotProps {
  readonly title: string;
  /** What it is now. */
  readonly says: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
  /** What its height stands for at least, so that next to nothing looks like it; 1 where nothing is said. */
  readonly least?: number;
}

const HEIGHT = 170;
/** How long a time is shown at least. */
const LEAST_SECONDS = 60;

export function Plot({ title, says, times, lines, format, least = 1 }: PlotProps): React.JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const scheme = useComputedColorScheme();
  const shape = lines.map(({ label, isDashed }) => `${label}${isDashed === true}`).join('|');

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const [ink, line, first, second] = scheme === 'dark' ? ['#9fb0b6', '#263640', '#76b7c1', '#f1ae3d'] : ['#566365', '#e1e6e5', '#17697a', '#9c6200'];
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '11px system-ui' };
    const made = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        cursor: { y: false },
        legend: { show: false },
        scales: { x: { range: ({ data: [times] }) => shownTime(times) }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, least)] } },
        axes: [{ ...axis, space: 80 }, { ...axis, size: 72, values: (_plot, values) => values.map(format) }],
        series: [{}, ...lines.map(({ label, isDashed }, index) => ({ label, stroke: index === 0 ? first : second, width: 2, points: { show: false }, ...(isDashed === true ? { dash: [6, 4] } : {}) }))],
      },
      [[], ...lines.map(() => [])],
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // Its lines' values come below; the plot is made anew only where their number or look is another.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [scheme, shape, least]);

  useEffect(() => {
    plot.current?.setData([[...times], ...lines.map(({ values }) => [...values])]);
  });

  return (
    <Paper component="figure" withBorder p="sm" m={0} bg="var(--homeport-surface)">
      <figcaption>
        <Text fw={600} size="sm">{title}</Text>
        <Text size="sm" c="dimmed">{says}</Text>
      </figcaption>
      <div ref={place} aria-hidden style={{ minHeight: HEIGHT, overflow: 'hidden' }} />
    </Paper>
  );
}

/** From its own times: of one alone uPlot makes years. */
function shownTime(times: ArrayLike<number>): [from: number, to: number] {
  const last = times[times.length - 1] ?? 0;
  return [Math.min(times[0] ?? last, last - LEAST_SECONDS), last];
}
