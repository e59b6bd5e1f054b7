/** A fleet's figures as a table that grows line by line. */
import type { FleetFigures } from '../../../agent/fleet/fleet.ts';
import type { Layout } from '../output.ts';

/** A line of the table. */
export interface FiguresLine {
  /** Since the start, in seconds, or that it is of all of it. */
  readonly label: string;
  readonly figures: FleetFigures;
}

export const FIGURES: Layout<FiguresLine> = {
  columns: [
    { title: 'TIME', of: ({ label }) => label, width: 6 },
    { title: 'CONNECTED', of: ({ figures }) => `${String(figures.connected)}/${String(figures.agents)}`, width: 11 },
    { title: 'POLLS/S', of: ({ figures }) => figures.pollsPerSecond, width: 8 },
    { title: 'ANSWERS', of: ({ figures }) => figures.answers, width: 8 },
    { title: 'P50 MS', of: ({ figures }) => figures.pollMs.p50, width: 7 },
    { title: 'P99 MS', of: ({ figures }) => figures.pollMs.p99, width: 7 },
    { title: 'CONNECTS/S', of: ({ figures }) => figures.attemptsPerSecond, width: 10 },
    { title: 'BYTES/S EACH', of: ({ figures }) => figures.bytesPerSecondPerAgent, width: 12 },
    { title: 'TUNNELS', of: ({ figures }) => figures.tunnelsOpened, width: 7 },
    { title: 'REFUSED', of: ({ figures }) => reasons(figures.refused), width: 8 },
    { title: 'FAILED', of: ({ figures }) => reasons(figures.failed) },
  ],
  name: ({ label }) => label,
  id: ({ label }) => label,
};

function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${reason}=${String(count)}`)
    .join(' ');
}
