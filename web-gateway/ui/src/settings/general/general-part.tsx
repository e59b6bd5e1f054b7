/** The installation's settings. */
import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '../../parts/error-state.tsx';
import { LoadingState } from '../../parts/loading-state.tsx';
import { settingsQuery } from '../settings-query.ts';
import { SettingsForm } from './settings-form.tsx';

export function GeneralPart(): React.JSX.Element {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <LoadingState label="Fetching the settings" />;
  if (settings.isError) return <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />;
  return <SettingsForm current={settings.data} />;
}
