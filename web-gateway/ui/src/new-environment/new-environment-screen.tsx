/** Adding an environment, until its agent is there. */
import { PageHeader } from '../parts/page-header.tsx';

export function NewEnvironmentScreen(): React.JSX.Element {
  return <PageHeader title="Add an environment" />;
}
