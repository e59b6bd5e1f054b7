/** One environment: connected to as soon as its page is opened, and looked at in parts. */
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { isCode } from '../api/api-error.ts';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { LoadingState } from '../parts/loading-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { usePastInstant } from '../past/past-instant.ts';
import { environmentQuery } from './environment-queries.ts';
import { OneEnvironment } from './one-environment.tsx';

export function EnvironmentScreen(): React.JSX.Element {
  const { id } = useParams({ from: '/environments/$id' });
  const { node } = useSearch({ from: '/environments/$id' });
  const at = usePastInstant();
  // While one travels through the past, the instant before stays in sight.
  const { data, error, refetch, isPending } = useQuery({ ...environmentQuery(id, at), placeholderData: (before) => (at !== undefined && before?.environment.id === id ? before : undefined) });
  if (data !== undefined && !isCode(error, 'environment-not-found', 'environment-removed')) return <OneEnvironment key={`${id} ${node ?? ''} ${at === undefined ? 'now' : 'past'}`} tagged={data} node={node} at={at} />;
  return (
    <>
      <PageHeader title="Environment" />
      {isPending && <LoadingState label="Asking for the environment" />}
      {isCode(error, 'environment-not-found', 'environment-removed') && <EmptyState title={at === undefined ? 'There is no such environment' : 'There was no such environment then'}>It may have been removed, or be out of your reach. What happened to it stays on record: see the <AnchorLink to="/timeline">timeline</AnchorLink>, or <AnchorLink to="/">all environments</AnchorLink>.</EmptyState>}
      {error !== null && !isCode(error, 'environment-not-found', 'environment-removed') && <ErrorState error={error} onRetry={() => void refetch()} />}
    </>
  );
}
