/** The kinds of entries of a timeline: their names, and a picture for each. */
import { IconBan, IconCamera, IconHeartbeat, IconPlugConnected, IconRobot, IconServer2, IconSettings, IconUser, type Icon } from '@tabler/icons-react';
import type { TimelineEntry } from '../api/answer.ts';

/** By which timelines are filtered. */
export type TimelineKind = TimelineEntry['kind'];

const KINDS: Readonly<Record<TimelineKind, { readonly label: string; readonly icon: Icon }>> = {
  environment: { label: 'Environments', icon: IconServer2 },
  agent: { label: 'Agents', icon: IconRobot },
  heartbeat: { label: 'Heartbeats', icon: IconHeartbeat },
  tunnel: { label: 'Tunnels', icon: IconPlugConnected },
  snapshot: { label: 'Snapshots', icon: IconCamera },
  refusal: { label: 'Refusals', icon: IconBan },
  account: { label: 'Accounts', icon: IconUser },
  settings: { label: 'Settings', icon: IconSettings },
};

/** For a choice of one. */
export const kindChoices = Object.entries(KINDS).map(([value, { label }]) => ({ value, label }));

export function isKind(text: string | undefined): text is TimelineKind {
  return text !== undefined && Object.hasOwn(KINDS, text);
}

export function KindSymbol({ kind }: { readonly kind: TimelineKind }): React.JSX.Element {
  const Symbol = KINDS[kind].icon;
  return <Symbol size={16} aria-hidden color="var(--mantine-color-dimmed)" />;
}
