/** Adding an environment, until its agent is there. */
import { Alert, Paper, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { useEngineAccess, useMay } from '../session/session.ts';
import { Arrival } from './arrival.tsx';
import { arrivingEnvironmentQuery, type CreatedEnvironment } from './arrival-query.ts';
import { DeployCommands } from './deploy-commands.tsx';
import { EnvironmentForm } from './environment-form.tsx';
import { JoinToken } from './join-token.tsx';
import { platformOf } from './platforms.ts';

export function NewEnvironmentScreen(): React.JSX.Element {
  const { id } = useSearch({ from: '/environments/new' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const mayCreate = useMay('admin');
  if (id !== undefined) return <Waiting key={id} id={id} />;
  if (!mayCreate) {
    return (
      <>
        <PageHeader title="Add an environment" />
        <EmptyState title="Admins add environments">Your role may not. Ask an admin to add it, and to grant you its tag.</EmptyState>
      </>
    );
  }
  function waitFor(created: CreatedEnvironment): void {
    client.setQueryData(hintsKey(created.id), created.addressHints);
    void navigate({ to: '/environments/new', search: { id: created.id }, replace: true });
  }
  return (
    <>
      <PageHeader title="Add an environment" description="A machine with Docker or Podman, or a Swarm. Its agent calls this server; nothing there needs an open port." />
      <EnvironmentForm onCreated={waitFor} />
    </>
  );
}

/** What was said of its addresses when it was made. */
function hintsKey(id: string): readonly string[] {
  return ['address-hints', id];
}

function Waiting({ id }: { readonly id: string }): React.JSX.Element {
  const { platform: name } = useSearch({ from: '/environments/new' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const environment = useQuery(arrivingEnvironmentQuery(id));
  const platform = platformOf(name) ?? 'standalone';
  // Whoever has a join token can answer for the environment: auditors are not shown it.
  const mayDeploy = useEngineAccess(environment.data?.tags ?? []) === 'full';
  const hints = client.getQueryData<CreatedEnvironment['addressHints']>(hintsKey(id)) ?? [];
  const warnings = hints.filter(({ code }) => code !== 'both-ports');
  if (environment.data === undefined) {
    return (
      <>
        <PageHeader title="Add an environment" />
        {environment.isError ? <ErrorState error={environment.error} onRetry={() => void environment.refetch()} /> : <LoadingState label="Fetching the environment" />}
      </>
    );
  }
  return (
    <>
      <PageHeader title={environment.data.name} description={`Created. Its agent calls ${environment.data.address}.`} />
      <Stack maw={900}>
        {warnings.map(({ code, detail }) => (
          <Alert key={code + detail} role="note" color="beacon" variant="light" icon={<IconInfoCircle aria-hidden />}>{detail}</Alert>
        ))}
        {mayDeploy && (
          <Paper withBorder p={{ base: 'md', sm: 'lg' }}>
            <Stack gap="sm">
              <Title order={2}>Start the agent</Title>
              <DeployCommands environmentId={id} platform={platform} onPlatform={(next) => void navigate({ to: '/environments/new', search: { id, platform: next }, replace: true })} />
            </Stack>
          </Paper>
        )}
        <Arrival environment={environment.data} platform={platform} mayDeploy={mayDeploy} />
        {mayDeploy && (
          <Paper withBorder p={{ base: 'md', sm: 'lg' }}>
            <Stack gap="sm">
              <div>
                <Title order={2}>The join token</Title>
                <Text size="sm" c="dimmed">The command holds it already (EDGE_KEY). These are its parts:</Text>
              </div>
              <JoinToken environmentId={id} />
            </Stack>
          </Paper>
        )}
      </Stack>
    </>
  );
}
