/** The palette itself: a field and what fits it, gone through by the arrow keys. */
import { VisuallyHidden } from '@mantine/core';
import { createSpotlight, Spotlight, useSpotlight } from '@mantine/spotlight';
import '@mantine/spotlight/styles.css';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import classes from './palette.module.css';
import { usePaletteEntries } from './palette-entries.ts';

const [store, palette] = createSpotlight();
const CLASSES = { action: classes['action'] ?? '', actionDescription: classes['description'] ?? '', actionSection: classes['section'] ?? '' };

/** @param asked each time it is another, the palette opens, or closes where it is open. */
export function Palette({ asked }: { readonly asked: number }): React.JSX.Element {
  const seen = useRef(0);
  useEffect(() => {
    if (seen.current === asked) return;
    seen.current = asked;
    palette.toggle();
  }, [asked]);
  const [text, setText] = useState('');
  return (
    <Spotlight.Root store={store} query={text} onQueryChange={setText} shortcut={null} maxHeight={420} scrollable attributes={{ content: { 'aria-label': 'Go to' } }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.4, blur: 2 }}>
      <Choices text={text} />
    </Spotlight.Root>
  );
}

function Choices({ text }: { readonly text: string }): React.JSX.Element {
  const { groups, isSearching } = usePaletteEntries(text);
  const { selected } = useSpotlight(store);
  const all = groups.flatMap(({ entries }) => entries);
  const listed = all.map(({ id }) => id).join('\n');
  // The first of what fits is chosen, whenever that becomes another.
  useEffect(() => chooseFirst(), [listed]);
  const chosen = all[selected];

  return (
    <>
      {/* At once, and not when the dialog has come in: what is typed right after the keys belongs here. */}
      <Spotlight.Search autoFocus aria-label="Go to an environment, a container or an action" placeholder="Go to an environment, a container, an action…" leftSection={<IconSearch size={18} aria-hidden />} maxLength={200} />
      <Spotlight.ActionsList aria-label="What matches" role="group">
        {groups.map(({ label, entries }) => (
          <Spotlight.ActionsGroup key={label} label={label} role="group" aria-label={label}>
            {entries.map(({ id, label: name, description, icon: Symbol, go }) => (
              <Spotlight.Action key={id} classNames={CLASSES} label={name} {...(description === undefined ? {} : { description })} leftSection={<Symbol size={18} aria-hidden />} onClick={go} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {all.length === 0 && <Spotlight.Empty>{isSearching ? 'Searching…' : 'Nothing matches.'}</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <VisuallyHidden role="status">{chosen === undefined ? (isSearching ? 'Searching' : 'Nothing matches') : `${chosen.label}, ${selected + 1} of ${all.length}`}</VisuallyHidden>
    </>
  );
}

/** As Spotlight does it where something is typed: its keys go by what is marked in the list. */
function chooseFirst(): void {
  const { listId } = store.getState();
  const actions = listId === '' ? [] : [...document.querySelectorAll(`#${listId} [data-action]`)];
  actions.forEach((action, index) => (index === 0 ? action.setAttribute('data-selected', 'true') : action.removeAttribute('data-selected')));
  store.updateState((state) => ({ ...state, selected: actions.length === 0 ? -1 : 0 }));
}
