/** What this server is, whether it can do its work, and what else it serves. */
import { Anchor, List, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { isCode, messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { ToneWord } from '../../parts/status-word.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Section } from '../section.tsx';

/** Readiness is not told live. */
const LOOK_AGAIN_MS = 10_000;

export function AboutPart(): React.JSX.Element {
  const health = useQuery({ queryKey: ['health'], queryFn: () => answerOf(api.GET('/healthz')) });
  return (
    <Stack>
      <Section title="Homeport">
        {health.isPending ? <LoadingState /> : health.isError ? <ErrorState error={health.error} onRetry={() => void health.refetch()} /> : <Facts facts={[['Version', health.data.version], ['Address', location.host]]} />}
      </Section>
      <Section title="Readiness" description="Whether this server can do its work, part by part.">
        <Readiness />
      </Section>
      <Section title="For programs and their authors">
        <List spacing="xs" size="sm">
          <List.Item>
            <Anchor href="/api/docs/" inherit underline="always">The REST interface</Anchor>: every call, to browse and to try out. <Anchor href="/api/v1/openapi.json" inherit underline="always">OpenAPI 3.1</Anchor>
          </List.Item>
          <List.Item>
            <Anchor href="/ca.pem" download inherit underline="always">The certificate to trust (ca.pem)</Anchor>, where this server made its own.
          </List.Item>
          <List.Item>
            <Text span inherit>Measurements for Prometheus are at /metrics, for an API key of the role metrics.</Text>
          </List.Item>
        </List>
      </Section>
    </Stack>
  );
}

function Readiness(): React.JSX.Element {
  const readiness = useQuery({ queryKey: ['readiness'], queryFn: () => answerOf(api.GET('/readyz')), refetchInterval: LOOK_AGAIN_MS, retry: false });
  if (readiness.isPending) return <LoadingState />;
  if (readiness.isError) return isCode(readiness.error, 'not-ready') ? <ToneWord word={`Not ready. ${messageOf(readiness.error)}`} tone="bad" icon={IconCircleX} /> : <ErrorState error={readiness.error} onRetry={() => void readiness.refetch()} />;
  return <Facts facts={Object.entries(readiness.data.checks).map(([part, state]) => [part, state === 'ok' ? <ToneWord key={part} word="ok" tone="good" icon={IconCircleCheck} /> : <ToneWord key={part} word={state} tone="bad" icon={IconCircleX} />] as const)} />;
}
