/** The command that fetches an environment's agent from this server and starts it, for each platform. */
import { Button, Stack, Tabs, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CommandText } from '../parts/command-text.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { deploymentQuery, type Platform } from './deployment-query.ts';
import { maskedToken } from './join-token-parts.ts';
import { PLATFORMS } from './platforms.ts';

interface DeployCommandsProps {
  readonly environmentId: string;
  /** Which one is shown, for who keeps that elsewhere. */
  readonly platform?: Platform;
  readonly onPlatform?: (platform: Platform) => void;
}

export function DeployCommands({ environmentId, platform, onPlatform }: DeployCommandsProps): React.JSX.Element {
  const deployment = useQuery(deploymentQuery(environmentId));
  const [own, setOwn] = useState<Platform>('standalone');
  const [isShown, setShown] = useState(false);
  const chosen = platform ?? own;
  if (deployment.isPending) return <LoadingState label="Fetching the commands" />;
  if (deployment.isError) return <ErrorState error={deployment.error} title="The commands could not be fetched" onRetry={() => void deployment.refetch()} />;
  const { commands, joinToken } = deployment.data;
  const command = commands[chosen];
  return (
    <Tabs
      value={chosen}
      keepMounted={false}
      onChange={(value) => {
        const next = PLATFORMS.find(({ name }) => name === value)?.name ?? 'standalone';
        setOwn(next);
        onPlatform?.(next);
      }}
    >
      <Tabs.List aria-label="How the agent is to run">
        {PLATFORMS.map(({ name, label }) => (
          <Tabs.Tab key={name} value={name}>{label}</Tabs.Tab>
        ))}
      </Tabs.List>
      {PLATFORMS.map(({ name, label, says }) => (
        <Tabs.Panel key={name} value={name} pt="sm">
          <Stack gap="xs">
            <Text size="sm" c="dimmed">{says}</Text>
            <CommandText text={command} shown={isShown ? command : command.replaceAll(joinToken, maskedToken(joinToken))} label={`The command for ${label}`} copyLabel="Copy the command">
              <Button size="xs" variant="subtle" aria-pressed={isShown} onClick={() => setShown(!isShown)} leftSection={isShown ? <IconEyeOff size={14} aria-hidden /> : <IconEye size={14} aria-hidden />}>
                {isShown ? 'Hide the token' : 'Show the token'}
              </Button>
            </CommandText>
            {command.includes('EDGE_INSECURE_POLL=1') && <Text size="xs" c="dimmed">EDGE_INSECURE_POLL=1, since this server made its certificate itself: the agent believes it by the fingerprint in the join token, not by an authority. Who cannot prove that is sent nothing.</Text>}
          </Stack>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
