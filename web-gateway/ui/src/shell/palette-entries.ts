/** What the palette offers for what was typed: only what the one who is here may do. */
import { useDebouncedValue } from '@mantine/hooks';
import { IconBox, IconLogout, IconPlugConnected, IconPlus, IconServer2, IconUser, type Icon } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { stateText } from '../parts/status-word.tsx';
import { asOf, usePastInstant } from '../past/past-instant.ts';
import { engineAccessOf, useMay, useSession } from '../session/session.ts';
import { useSignOut } from '../session/sign-out.ts';
import { placesFor } from './places.ts';

/** Somewhere to go, or something to do. */
export interface PaletteEntry {
  /** Of all entries. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: Icon;
  readonly go: () => void;
}

/** Entries under one head. */
export interface PaletteGroup {
  readonly label: string;
  readonly entries: readonly PaletteEntry[];
}

const PAUSE_MS = 120;
const FOUND = 6;
const CONNECTED_TO = 3;
const FRESH_MS = 5000;

/** Groups that have entries; `isSearching` while the server's answer to what was typed is awaited. */
export function usePaletteEntries(typed: string): { readonly groups: readonly PaletteGroup[]; readonly isSearching: boolean } {
  const text = typed.trim();
  const [sought] = useDebouncedValue(text, PAUSE_MS);
  const at = usePastInstant();
  const router = useRouter();
  const session = useSession();
  const maySeeRecord = useMay('auditor');
  const mayAdd = useMay('admin');
  const signOut = useSignOut();

  const common = { enabled: maySeeRecord, staleTime: FRESH_MS, gcTime: FRESH_MS, placeholderData: keepPreviousData };
  const environments = useQuery({
    ...common,
    queryKey: ['palette-environments', sought, { asOf: at }],
    queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/environments', { params: { query: { ...(sought === '' ? {} : { search: sought }), ...asOf(at), limit: FOUND } }, signal }))).items,
  });
  const containers = useQuery({
    ...common,
    enabled: maySeeRecord && sought !== '',
    queryKey: ['palette-containers', sought, { asOf: at }],
    queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/containers', { params: { query: { name: sought, ...asOf(at), limit: FOUND } }, signal }))).items,
  });

  const go = (to: string, search: object = {}) => () => void router.navigate({ to, search: { ...search, ...(at === undefined ? {} : { at }) } });
  // Of the answer before, what fits what is typed by now.
  const foundEnvironments = (environments.data ?? []).filter(({ name }) => fits(name, text));
  const foundContainers = text === '' ? [] : (containers.data ?? []).filter(({ name }) => fits(name, text));
  const connectable = at === undefined && text !== '' ? foundEnvironments.filter(({ tags, status }) => status !== 'unassociated' && engineAccessOf(session, tags) !== null) : [];

  const groups: readonly PaletteGroup[] = [
    {
      label: 'Environments',
      entries: foundEnvironments.map(({ id, name, status, tags }) => ({ id: `environment ${id}`, label: name, description: [stateText('environment', status), ...tags.slice(0, 3)].join(' · '), icon: IconServer2, go: go(`/environments/${id}`) })),
    },
    {
      label: 'Containers',
      entries: foundContainers.map(({ environment, node, id, name, image }) => ({
        id: `container ${environment.id} ${node ?? ''} ${id}`,
        label: name,
        description: `${image} in ${environment.name}`,
        icon: IconBox,
        go: go(`/environments/${environment.id}`, { tab: 'containers', container: name, ...(node === null ? {} : { node }) }),
      })),
    },
    {
      label: 'Actions',
      entries: [
        ...connectable.slice(0, CONNECTED_TO).map(({ id, name }) => ({ id: `connect ${id}`, label: `Connect to ${name}`, icon: IconPlugConnected, go: go(`/environments/${id}`) })),
        ...[
          ...(mayAdd ? [{ id: 'add', label: 'Add an environment', icon: IconPlus, go: () => void router.navigate({ to: '/environments/new' }) }] : []),
          { id: 'account', label: 'Your account', icon: IconUser, go: () => void router.navigate({ to: '/settings/$part', params: { part: 'account' } }) },
          { id: 'sign-out', label: 'Sign out', icon: IconLogout, go: () => void signOut() },
        ].filter(({ label }) => fits(label, text)),
      ],
    },
    {
      label: 'Screens',
      entries: placesFor(maySeeRecord)
        .filter(({ label }) => fits(label, text))
        .map(({ to, label, icon }) => ({ id: `screen ${to}`, label, icon, go: go(to) })),
    },
  ];
  const isSearching = maySeeRecord && (sought !== text || environments.isFetching || containers.isFetching);
  return { groups: groups.filter(({ entries }) => entries.length > 0), isSearching };
}

function fits(label: string, text: string): boolean {
  return label.toLowerCase().includes(text.toLowerCase());
}
