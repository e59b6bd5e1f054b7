/** Where one can go. */
import { IconActivity, IconBox, IconServer2, IconSettings, IconShieldCheck, IconTimelineEvent, type Icon } from '@tabler/icons-react';
import type { LinkProps } from '@tanstack/react-router';

const PLACES = [
  { to: '/', label: 'Environments', icon: IconServer2 },
  { to: '/containers', label: 'Containers', icon: IconBox },
  { to: '/timeline', label: 'Timeline', icon: IconTimelineEvent },
  { to: '/activity', label: 'Activity', icon: IconActivity },
  { to: '/proof', label: 'Proof', icon: IconShieldCheck },
  { to: '/settings', label: 'Settings', icon: IconSettings },
] as const satisfies readonly { readonly to: LinkProps['to']; readonly label: string; readonly icon: Icon }[];

/** One of them. */
export type Place = (typeof PLACES)[number];

/** @param maySeeRecord whether the role is auditor or above: for others there are the settings, with their account. */
export function placesFor(maySeeRecord: boolean): readonly Place[] {
  return PLACES.filter(({ to }) => to === '/settings' || maySeeRecord);
}
