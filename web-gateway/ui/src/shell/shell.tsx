/** The frame of every screen: where one is, where one can go, and whether what is shown is live. */
import { AppShell, Burger, Group, Menu, NavLink, ScrollArea, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUser } from '@tabler/icons-react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { PastBanner } from '../past/past-banner.tsx';
import { usePastInstant, useShowsPast } from '../past/past-instant.ts';
import { TimeMachineButton } from '../past/time-machine-button.tsx';
import { PasswordHint } from '../session/password-hint.tsx';
import { useMay, useSession } from '../session/session.ts';
import { useSignOut } from '../session/sign-out.ts';
import { ReferenceInstantProvider } from '../time/reference-instant.ts';
import { CommandPalette, CommandPaletteButton } from './command-palette.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Mark } from './mark.tsx';
import { NothingForRole } from './nothing-for-role.tsx';
import { placesFor } from './places.ts';

export function Shell(): React.JSX.Element {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [isTimeMachineOpen, timeMachine] = useDisclosure(false);
  const instant = usePastInstant();
  const isPast = useShowsPast() && instant !== undefined;
  const maySeeRecord = useMay('auditor');
  useEffect(close, [path, close]);

  return (
    <AppShell data-past={isPast || undefined} header={{ height: 56 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding={{ base: 'sm', sm: 'lg' }}>
      <a className="skip-link" href="#content">Skip to the content</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={isOpen ? 'Close the navigation' : 'Open the navigation'} aria-expanded={isOpen} />
            <UnstyledButton component={Link} to="/" aria-label="Homeport: environments">
              <Group gap="xs" wrap="nowrap">
                <Mark size={28} />
                <Text fw={700} visibleFrom="xs">Homeport</Text>
              </Group>
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <CommandPaletteButton />
            {maySeeRecord && <TimeMachineButton isOpen={isTimeMachineOpen} onToggle={timeMachine.toggle} />}
            {maySeeRecord && <LiveIndicator />}
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main">
        <AppShell.Section grow component={ScrollArea}>
          {placesFor(maySeeRecord).map(({ to, label, icon: Symbol }) => (
            <NavLink key={to} component={Link} to={to} label={label} leftSection={<Symbol size={18} aria-hidden />} active={isAt(path, to)} {...(isAt(path, to) ? { 'aria-current': 'page' } : {})} variant="light" />
          ))}
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <PastBanner isOpen={isTimeMachineOpen} onClose={timeMachine.close} />
        {path === '/' && !isPast && <PasswordHint />}
        <ReferenceInstantProvider value={isPast ? instant : undefined}>{maySeeRecord || path.startsWith('/settings') ? <Outlet /> : <NothingForRole />}</ReferenceInstantProvider>
      </AppShell.Main>
      <CommandPalette />
    </AppShell>
  );
}

/** An environment's own pages are among the environments. */
function isAt(path: string, place: string): boolean {
  return place === '/' ? path === '/' || path.startsWith('/environments') : path.startsWith(place);
}

function AccountMenu(): React.JSX.Element {
  const { username, role } = useSession();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={`Account: ${username}, ${role}`}>
          <Group gap={6} wrap="nowrap">
            <IconUser size={18} aria-hidden />
            <Text size="sm" visibleFrom="sm">{username}</Text>
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{username} · {role}</Menu.Label>
        <Menu.Item component={Link} to="/settings/account">Your account</Menu.Item>
        <Menu.Item component="a" href="/api/docs/">REST interface</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
