/** Who called what. */
import { PageHeader } from '../parts/page-header.tsx';

export function ActivityScreen(): React.JSX.Element {
  return <PageHeader title="Activity" />;
}
