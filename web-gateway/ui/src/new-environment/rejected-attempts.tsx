/** What may keep an agent from arriving: attempts that were turned away, each with its reason, and the line that finds out the rest. */
import { Alert, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { TimelineEntry } from '../api/answer.ts';
import { CommandText } from '../parts/command-text.tsx';
import { refusalWords } from '../refusals/refusal-words.ts';
import { RelativeTime } from '../time/relative-time.tsx';
import { refusalsQuery } from './arrival-query.ts';
import { deploymentQuery, type Platform } from './deployment-query.ts';

const MOST_SHOWN = 5;

interface RejectedAttemptsProps {
  readonly environmentId: string;
  /** When the environment was made. */
  readonly since: string;
  readonly platform: Platform;
  readonly mayDeploy: boolean;
  /** It could be here by now. */
  readonly isLate: boolean;
  /** It is here, and its engine is not. */
  readonly hasTrouble: boolean;
  readonly hasCome: boolean;
  /** Both that it must reach. */
  readonly addresses: readonly [api: string, tunnel: string];
}

/** Shows nothing while there is nothing to worry about. */
export function RejectedAttempts({ environmentId, since, platform, mayDeploy, isLate, hasTrouble, hasCome, addresses: [api, tunnel] }: RejectedAttemptsProps): React.JSX.Element | null {
  const refusals = useQuery({ ...refusalsQuery(environmentId, since), enabled: !hasCome });
  const deployment = useQuery({ ...deploymentQuery(environmentId), enabled: mayDeploy });
  const attempts = hasCome ? [] : latestOfEach(refusals.data ?? []);
  if (!isLate && !hasTrouble && attempts.length === 0) return null;
  const doctor = deployment.data?.doctor[platform];
  return (
    <Alert color="beacon" variant="light" icon={<IconAlertTriangle aria-hidden />} title={hasTrouble ? 'The agent cannot reach its engine' : attempts.length > 0 ? 'Attempts were turned away' : 'No agent has called so far'}>
      <Stack gap="sm">
        {attempts.length > 0 && (
          <List spacing="xs" size="sm" aria-label="Rejected attempts">
            {attempts.slice(0, MOST_SHOWN).map(({ entry, count }) => {
              const { what, help } = refusalWords(String(entry.details['reason']));
              return (
                <List.Item key={entry.id}>
                  <Text size="sm">
                    <b>{what}</b>: from {String(entry.details['address'])}, <RelativeTime at={entry.time} />
                    {count > 1 && ` (${count} times)`}. {help}
                  </Text>
                </List.Item>
              );
            })}
          </List>
        )}
        {!hasTrouble && attempts.length === 0 && (
          <Text size="sm">
            Was the command run, and did it end well? From where the agent is, both {api} (polls) and {tunnel} (tunnels) must be reachable; a firewall or a proxy may be in between.
          </Text>
        )}
        {doctor !== undefined && (
          <Stack gap={6}>
            <Text size="sm">On the agent’s machine this says what is wrong and how to put it right:</Text>
            <CommandText text={doctor} label="The command that finds out what is wrong" copyLabel="Copy the line" />
          </Stack>
        )}
      </Stack>
    </Alert>
  );
}

/** An agent that is turned away tries again: the same from the same place is one. */
function latestOfEach(entries: readonly TimelineEntry[]): readonly { readonly entry: TimelineEntry; readonly count: number }[] {
  const found = new Map<string, { entry: TimelineEntry; count: number }>();
  for (const entry of entries) {
    const key = `${String(entry.details['reason'])} ${String(entry.details['address'])}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { entry, count: 1 });
    else known.count += 1;
  }
  return [...found.values()];
}
