/** Proof that the record was not altered. */
import { PageHeader } from '../parts/page-header.tsx';

export function ProofScreen(): React.JSX.Element {
  return <PageHeader title="Proof" />;
}
