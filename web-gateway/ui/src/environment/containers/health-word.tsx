/** What a container's health check says. */
import { IconHeartbeat, IconHeartBroken, IconHeartQuestion } from '@tabler/icons-react';
import { ToneWord } from '../../parts/status-word.tsx';

export function HealthWord({ health }: { readonly health: string }): React.JSX.Element {
  if (health === 'healthy') return <ToneWord word="Healthy" tone="good" icon={IconHeartbeat} />;
  if (health === 'unhealthy') return <ToneWord word="Unhealthy" tone="bad" icon={IconHeartBroken} />;
  return <ToneWord word={health === 'starting' ? 'Health starting' : health} tone="busy" icon={IconHeartQuestion} />;
}
