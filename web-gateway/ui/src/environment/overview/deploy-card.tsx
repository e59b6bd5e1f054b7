/** How an agent of this environment is started: for another machine of a Swarm, or the same one anew. */
import { Button, Collapse } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { LoadingState } from '../../parts/loading-state.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';

const DeployCommands = lazy(async () => ({ default: (await import('../../new-environment/deploy-commands.tsx')).DeployCommands }));

export function DeployCard(): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  // Where there is no agent yet, it is what one looks for.
  const [isShown, { toggle }] = useDisclosure(environment.association.state === 'unassociated');
  return (
    <Card title="Start an agent" actions={<Button size="xs" variant="default" onClick={toggle} aria-expanded={isShown}>{isShown ? 'Hide the commands' : 'Show the commands'}</Button>}>
      <Collapse expanded={isShown}>
        {isShown && (
          <Suspense fallback={<LoadingState />}>
            <DeployCommands environmentId={environment.id} />
          </Suspense>
        )}
      </Collapse>
    </Card>
  );
}
