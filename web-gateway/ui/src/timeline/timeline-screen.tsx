/** What happened, and the time machine. */
import { PageHeader } from '../parts/page-header.tsx';

export function TimelineScreen(): React.JSX.Element {
  return <PageHeader title="Timeline" />;
}
