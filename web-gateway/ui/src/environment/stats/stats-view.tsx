/** What a container takes of its machine, as live plots. */
import { Alert, SimpleGrid, Stack } from '@mantine/core';
import { LoadingState } from '../../parts/loading-state.tsx';
import type { SocketTarget } from '../container/container-socket.ts';
import { bytesText } from '../../parts/bytes-text.ts';
import { rate, type Figures } from './container-figures.ts';
import { Plot } from './plot.tsx';
import { useFigures } from './use-figures.ts';

const percentText = (percent: number): string => `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
const rateText = (bytes: number): string => `${bytesText(bytes)}/s`;

export function StatsView({ target }: { readonly target: SocketTarget }): React.JSX.Element {
  const { samples, trouble } = useFigures(target);
  const last = samples.at(-1);
  const times = samples.map(({ atMs }) => atMs / 1000);
  const rates = (figure: 'received' | 'sent' | 'read' | 'written'): (number | null)[] => samples.map((one, index) => rate(one, samples[index - 1], figure));
  const [received, sent, read, written] = [rates('received'), rates('sent'), rates('read'), rates('written')];
  const now = (values: readonly (number | null)[]): string => rateText(values.at(-1) ?? 0);

  return (
    <Stack gap="sm">
      {trouble !== null && <Alert role="status" color="beacon" variant="light">{trouble}</Alert>}
      {last === undefined ? (
        trouble === null && <LoadingState label="Waiting for the first figures" />
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
          <Plot title="CPU" says={last.cpuPercent === null ? 'measuring' : `${percentText(last.cpuPercent)} of one processor`} times={times} lines={[{ label: 'CPU', values: samples.map(({ cpuPercent }) => cpuPercent) }]} format={percentText} />
          <Plot title="Memory" says={memoryText(last)} times={times} lines={[{ label: 'Memory', values: samples.map(({ memoryBytes }) => memoryBytes) }]} format={bytesText} />
          <Plot title="Network" says={`${now(received)} received (solid), ${now(sent)} sent (dashed)`} times={times} lines={[{ label: 'Received', values: received }, { label: 'Sent', values: sent, isDashed: true }]} format={rateText} least={1000} />
          <Plot title="Block I/O" says={`${now(read)} read (solid), ${now(written)} written (dashed)`} times={times} lines={[{ label: 'Read', values: read }, { label: 'Written', values: written, isDashed: true }]} format={rateText} least={1000} />
        </SimpleGrid>
      )}
    </Stack>
  );
}

function memoryText({ memoryBytes, memoryLimitBytes, processes }: Figures): string {
  if (memoryBytes === null) return 'not known';
  return `${bytesText(memoryBytes)}${memoryLimitBytes === null ? '' : ` of ${bytesText(memoryLimitBytes)}`}${processes === null ? '' : `, ${processes} process${processes === 1 ? '' : 'es'}`}`;
}
