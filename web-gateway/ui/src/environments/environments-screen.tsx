/** The fleet: every environment, live. */
import { PageHeader } from '../parts/page-header.tsx';

export function EnvironmentsScreen(): React.JSX.Element {
  return <PageHeader title="Environments" />;
}
