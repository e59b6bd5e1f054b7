/** All that is recorded of a call. */
import { Group, Stack } from '@mantine/core';
import type { Call } from '../api/answer.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { FactList } from '../parts/fact-list.tsx';
import { bytesText } from '../parts/bytes-text.ts';
import { exactText } from '../time/relative-text.ts';
import { outcomeOf, spanMsText, streamText } from './activity-call.ts';

export function CallDetails({ call }: { readonly call: Call }): React.JSX.Element {
  const { id, environmentId, environmentName, node, actor, method, path, startedAt, endedAt, status, failure, durationMs, bytesSent, bytesReceived } = call;
  const stream = streamText(call);
  return (
    <Stack gap="sm">
      <FactList
        facts={[
          ['Call', `${method ?? ''} ${path}`.trim()],
          ['Environment', `${environmentName ?? 'not known'} (${environmentId})`],
          ...(node === null ? [] : [['Swarm node', node] as const]),
          ['Actor', actor ?? 'not known'],
          ['Result', `${outcomeOf(call).word}${failure !== null && status !== null ? ` (${status})` : ''}`],
          ['Started', exactText(startedAt)],
          ['Ended', endedAt === null ? 'it is under way, or the server was killed meanwhile' : exactText(endedAt)],
          ...(durationMs === null ? [] : [['Took', spanMsText(durationMs)] as const]),
          ...(bytesSent === null ? [] : [['Sent to the engine', bytesText(bytesSent)] as const]),
          ...(bytesReceived === null ? [] : [['Received from it', bytesText(bytesReceived)] as const]),
          ...(stream === '' ? [] : [['Stream', stream] as const]),
          ['Call id', id],
        ]}
      />
      <Group>
        <CopyButton text={JSON.stringify(call, null, 2)} label="Copy as JSON" />
      </Group>
    </Stack>
  );
}
