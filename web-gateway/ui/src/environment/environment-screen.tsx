/** One environment. */
import { PageHeader } from '../parts/page-header.tsx';

export function EnvironmentScreen(): React.JSX.Element {
  return <PageHeader title="Environment" />;
}
