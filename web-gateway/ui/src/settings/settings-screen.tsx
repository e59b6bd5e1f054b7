/** Settings. */
import { PageHeader } from '../parts/page-header.tsx';

export function SettingsScreen(): React.JSX.Element {
  return <PageHeader title="Settings" />;
}
