/** The command palette: Ctrl-K, and then to any environment, container or action by a few letters. It is loaded when all else is there. */
import { Button, Kbd } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';

const load = () => import('./palette.tsx');
const Palette = lazy(async () => ({ default: (await load()).Palette }));

/** When a screen has been loaded and drawn. */
const LOADED_AFTER_MS = 1500;

/** How often it was asked for: the header's button and the keys are elsewhere than the palette. */
let asked = 0;
const listeners = new Set<() => void>();

function ask(): void {
  asked += 1;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function CommandPalette(): React.JSX.Element | null {
  const times = useSyncExternalStore(subscribe, () => asked);
  // Before it is asked for, so that what is typed right after the keys is not lost; where that fails, it is tried again then.
  useEffect(() => {
    const idle = setTimeout(() => void load().catch(() => undefined), LOADED_AFTER_MS);
    return () => clearTimeout(idle);
  }, []);
  // Also while something is typed elsewhere.
  useHotkeys([['mod+K', ask]], []);
  if (times === 0) return null;
  return (
    <Suspense fallback={null}>
      <Palette asked={times} />
    </Suspense>
  );
}

const KEYS = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K';

export function CommandPaletteButton(): React.JSX.Element {
  return (
    <Button variant="default" size="xs" leftSection={<IconSearch size={14} aria-hidden />} rightSection={<Kbd size="xs" visibleFrom="xs" aria-hidden>{KEYS}</Kbd>} aria-keyshortcuts="Control+K Meta+K" onClick={ask}>
      Go to…
    </Button>
  );
}
