/** Waits for an environment's agent, and shows how it arrives. */
import { Group, Loader, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Environment } from '../api/answer.ts';
import { LinkButton } from '../parts/link-button.tsx';
import { useMay } from '../session/session.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { serverNow } from '../time/server-clock.ts';
import { agentEntriesQuery, arrivingEnvironmentQuery } from './arrival-query.ts';
import { arrivalSteps, type ArrivalStep } from './arrival-steps.ts';
import classes from './arrival.module.css';
import type { Platform } from './deployment-query.ts';
import { RejectedAttempts } from './rejected-attempts.tsx';

/** So long an agent may take before it is said what may keep it. */
const PATIENCE_MS = 30_000;
/** Changes are told live; this finds what was told between two answers. */
const LOOK_AGAIN_MS = 3000;

interface ArrivalProps {
  readonly environment: Environment;
  /** How its agent is started, for the line that finds out what is wrong. */
  readonly platform: Platform;
  /** Whether the one who looks may start agents. */
  readonly mayDeploy: boolean;
}

export function Arrival({ environment, platform, mayDeploy }: ArrivalProps): React.JSX.Element {
  const { id, createdAt } = environment;
  const mayAdd = useMay('admin');
  const entries = useQuery(agentEntriesQuery(id));
  const steps = arrivalSteps(environment, entries.data ?? []);
  const isReady = steps.every(({ state }) => state === 'done');
  const hasCome = steps[0]?.state === 'done';
  // Kept alive by it: the answers of both are looked at above.
  useQuery({ ...arrivingEnvironmentQuery(id), refetchInterval: isReady ? false : LOOK_AGAIN_MS });
  const isLate = useIsLate(createdAt) && !hasCome;

  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }}>
      <Stack>
        <Group justify="space-between" align="center">
          <Title order={2}>{isReady ? 'The agent is here' : hasCome ? 'The agent is arriving' : 'Waiting for the agent'}</Title>
          {!isReady && <Loader size="sm" type="dots" aria-hidden />}
        </Group>
        <ol className={classes['steps']} aria-label="How the agent arrives">
          {steps.map((step) => (
            <Step key={step.name} step={step} />
          ))}
        </ol>
        <VisuallyHidden role="status">{isReady ? 'The agent is ready.' : steps.filter(({ state }) => state !== 'waiting').map(({ title }) => title).join(', ') || 'Waiting for the agent.'}</VisuallyHidden>
        <RejectedAttempts environmentId={id} since={createdAt} platform={platform} mayDeploy={mayDeploy} isLate={isLate} hasTrouble={steps.some(({ state }) => state === 'trouble')} hasCome={hasCome} addresses={[environment.address, environment.tunnelAddress]} />
        <Group>
          {isReady ? (
            <LinkButton to="/environments/$id" params={{ id }}>Connect</LinkButton>
          ) : (
            <LinkButton variant="default" to="/environments/$id" params={{ id }}>Go to the environment</LinkButton>
          )}
          {mayAdd && <LinkButton variant="default" to="/environments/new" search={{}}>Add another</LinkButton>}
        </Group>
      </Stack>
    </Paper>
  );
}

const LOOKS = {
  waiting: { icon: IconCircleDashed, word: 'not yet' },
  done: { icon: IconCircleCheck, word: 'done' },
  trouble: { icon: IconAlertTriangle, word: 'in trouble' },
} as const;

function Step({ step: { name, title, state, at, says } }: { readonly step: ArrivalStep }): React.JSX.Element {
  const { icon: Symbol, word } = LOOKS[state];
  return (
    <li data-step={name} data-state={state} className={classes['step']}>
      <Symbol size={22} aria-hidden />
      <div>
        <Text fw={600} component="div">
          {title} <VisuallyHidden>({word})</VisuallyHidden>
          {at !== null && <Text span size="xs" c="dimmed" fw={400} ml={6}><RelativeTime at={at} /></Text>}
        </Text>
        <Text size="sm" c="dimmed">{says}</Text>
      </div>
    </li>
  );
}

/** Whether it was made so long ago that its agent could be here. */
function useIsLate(createdAt: string): boolean {
  const [isLate, setLate] = useState(() => serverNow() - Date.parse(createdAt) >= PATIENCE_MS);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), Math.max(0, PATIENCE_MS - (serverNow() - Date.parse(createdAt))));
    return () => clearTimeout(timer);
  }, [createdAt]);
  return isLate;
}
