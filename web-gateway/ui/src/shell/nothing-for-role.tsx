/** What is shown in place of screens to who may only read measurements. */
import { AnchorLink } from '../parts/anchor-link.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';

export function NothingForRole(): React.JSX.Element {
  return (
    <>
      <PageHeader title="Welcome" />
      <EmptyState title="Your role reads measurements, and nothing else">
        They are at /metrics, for monitoring. <AnchorLink to="/settings/$part" params={{ part: 'account' }} inherit underline="always">Your account</AnchorLink>
      </EmptyState>
    </>
  );
}
