/** How an environment is: its agent's polls and its tunnel apart, each with what went wrong last. */
import { Alert, Stack, Text } from '@mantine/core';
import { Facts } from '../../parts/facts.tsx';
import { quantityText, SECONDS } from '../../parts/quantity.ts';
import { StatusWord } from '../../parts/status-word.tsx';
import { LastingTime, RelativeTime } from '../../time/relative-time.tsx';
import { useEnvironmentPage } from '../environment-context.ts';
import { Card } from './card.tsx';

/** Whom the status puzzles is told what to do. */
const DUPLICATE = 'Another agent polls with the same Edge ID and join token, as a copied disk does. It is refused, and the first one goes on. Stop the other one, or make an environment for its machine; a quarter of an hour after it was last heard of, this is over.';

export function StateCard(): React.JSX.Element {
  const { environment, at } = useEnvironmentPage();
  const { status, heartbeat, tunnel, association, pollIntervalSeconds, platform, createdAt } = environment;
  return (
    <Card title="State">
      {status === 'duplicate' && <Alert mb="sm" color="beacon" variant="light" title="Two agents with one identity">{DUPLICATE}</Alert>}
      <Facts
        facts={[
          ['Status', <StatusWord key="status" of="environment" state={status} />],
          ['Last poll', <RelativeTime key="poll" at={heartbeat.lastPolledAt} />],
          ['Polls every', `${quantityText(heartbeat.intervalSeconds, SECONDS)}${pollIntervalSeconds === null ? ' (as in the settings)' : ''}`],
          ...(heartbeat.lastFailure === null ? [] : [['Polls failed', <Problem key="polls" {...heartbeat.lastFailure} />] as const]),
          ['Tunnel', <span key="tunnel"><StatusWord of="tunnel" state={tunnel.state} /> {tunnel.since !== null && <Text span inherit c="dimmed"><LastingTime since={tunnel.since} /></Text>}</span>],
          ['Last used', <RelativeTime key="used" at={tunnel.lastUsedAt} fallback={at === undefined ? 'not since the server started' : 'not recorded'} />],
          ...(tunnel.lastFailure === null ? [] : [['Tunnel failed', <Problem key="failure" {...tunnel.lastFailure} />] as const]),
          ['Associated', association.state === 'associated' ? <RelativeTime key="at" at={association.at} /> : 'No agent has joined yet'],
          ...(association.lastRejected === null ? [] : [['Last refused', <Problem key="refused" reason={association.lastRejected.reason} detail={`from ${association.lastRejected.address}`} at={association.lastRejected.at} />] as const]),
          ...(association.duplicates.length === 0 ? [] : [['Duplicates', <Stack key="duplicates" gap={0}>{association.duplicates.map((one) => <span key={`${one.node}${one.address}`}>{one.node} at {one.address}, first <RelativeTime at={one.at} /></span>)}</Stack>] as const]),
          ['Platform', platform ?? 'not known yet'],
          ['Created', <RelativeTime key="created" at={createdAt} />],
        ]}
      />
    </Card>
  );
}

function Problem({ reason, detail, at }: { readonly reason: string; readonly detail?: string; readonly at: string }): React.JSX.Element {
  return (
    <>
      {detail === undefined ? reason : `${detail} (${reason})`}, <Text span inherit c="dimmed"><RelativeTime at={at} /></Text>
    </>
  );
}
