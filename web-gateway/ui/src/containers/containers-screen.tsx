/** Containers across all environments. */
import { PageHeader } from '../parts/page-header.tsx';

export function ContainersScreen(): React.JSX.Element {
  return <PageHeader title="Containers" />;
}
