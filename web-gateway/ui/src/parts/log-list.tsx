/** A log, newest first, grouped by day: only what is in sight is drawn, and what comes while somebody reads waits above. */
import { Button, Group, Loader, Text, UnstyledButton } from '@mantine/core';
import { IconArrowUp, IconChevronRight } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { ErrorState } from './error-state.tsx';
import { LoadingState } from './loading-state.tsx';
import classes from './log-list.module.css';
import type { NewestFirst } from './newest-first.ts';
import { useStandingStill } from './standing-still.ts';

export interface LogListProps<Item> {
  /** What the log is of, for who cannot see it. */
  readonly label: string;
  readonly log: NewestFirst<Item>;
  readonly idOf: (item: Item) => string;
  /** By which entries are grouped by day. */
  readonly atOf: (item: Item) => string;
  /** What the entry says: the text of the button that shows its details. */
  readonly words: (item: Item, index: number) => React.ReactNode;
  /** What stands before the words. */
  readonly symbol: (item: Item) => React.ReactNode;
  /** What stands after them. */
  readonly facts: (item: Item) => React.ReactNode;
  readonly details: (item: Item) => React.ReactNode;
  readonly empty: React.ReactNode;
  /** The height of the part that scrolls. */
  readonly height?: string;
}

const ROW_PX = 41;
const BEYOND_SIGHT = 10;
/** So near to the top new entries are put in as they come. */
const TOP_PX = 8;

export function LogList<Item>({ label, log, idOf, atOf, words, symbol, facts, details, empty, height = 'max(320px, calc(100dvh - 250px))' }: LogListProps<Item>): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtTop, setAtTop] = useState(true);
  const [isFocused, setFocused] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const { shown, waiting } = useStandingStill(log.items, idOf, !isAtTop || isFocused || open.size > 0);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => keyOf(shown, index, idOf),
    overscan: BEYOND_SIGHT,
  });
  const drawn = virtualizer.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  const { loadOlder, hasOlder } = log;
  useEffect(() => {
    if (hasOlder && last >= shown.length - BEYOND_SIGHT) loadOlder();
  }, [hasOlder, last, shown.length, loadOlder]);

  if (log.isPending) return <LoadingState label={`Loading: ${label}`} />;
  if (log.error !== null && log.items.length === 0) return <ErrorState error={log.error} onRetry={log.startOver} />;

  const toTop = (): void => {
    setOpen(new Set());
    setFocused(false);
    virtualizer.scrollToOffset(0);
    if (log.hasGap) log.startOver();
  };
  const toggle = (id: string): void => setOpen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));

  return (
    <div className={classes['frame']} data-before={log.isOfBefore || undefined}>
      <div className={classes['news']} role="status">
        {(waiting > 0 || log.hasGap) && (
          <Button size="compact-sm" radius="xl" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={toTop}>
            {log.hasGap ? 'Much has happened: show the newest' : `${waiting} new ${waiting === 1 ? 'entry' : 'entries'}`}
          </Button>
        )}
      </div>
      <div
        ref={scroller}
        className={classes['scroller']}
        style={{ maxHeight: height }}
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={({ currentTarget }) => setAtTop(currentTarget.scrollTop < TOP_PX)}
        // By the keyboard: a click leaves the focus behind, too, and reads nothing.
        onFocus={({ target, currentTarget }) => setFocused(target !== currentTarget && target.matches(':focus-visible'))}
        onBlur={() => setFocused(false)}
      >
        {shown.length === 0 ? (
          empty
        ) : (
          <div role="list" aria-label={label} style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
            {drawn.map(({ key, index, start }) => {
              const item = shown[index];
              if (item === undefined) return null;
              const before = shown[index - 1];
              const day = dayOf(atOf(item));
              const id = idOf(item);
              const isOpen = open.has(id);
              return (
                <div key={key} ref={virtualizer.measureElement} data-index={index} role="listitem" className={classes['item']} style={{ transform: `translateY(${start}px)` }}>
                  {(before === undefined || dayOf(atOf(before)) !== day) && <Text component="h2" className={classes['day'] ?? ''}>{day}</Text>}
                  <div className={classes['entry']}>
                    <UnstyledButton className={classes['words'] ?? ''} aria-expanded={isOpen} onClick={() => toggle(id)}>
                      <IconChevronRight size={14} aria-hidden className={classes['chevron']} />
                      {symbol(item)}
                      <span>{words(item, index)}</span>
                    </UnstyledButton>
                    <div className={classes['facts']}>{facts(item)}</div>
                  </div>
                  {isOpen && <div className={classes['details']}>{details(item)}</div>}
                </div>
              );
            })}
          </div>
        )}
      </div>
      <Group className={classes['foot'] ?? ''} gap="xs" role="status">
        {log.isLoadingOlder && <Loader size={14} aria-hidden />}
        <Text size="xs" c="dimmed">{log.isLoadingOlder ? 'Loading older entries…' : hasOlder || shown.length === 0 ? '' : 'That is all.'}</Text>
        {log.error !== null && <Button size="compact-xs" variant="default" onClick={log.startOver}>Older entries could not be loaded: try again</Button>}
      </Group>
    </div>
  );
}

function keyOf<Item>(items: readonly Item[], index: number, idOf: (item: Item) => string): string | number {
  const item = items[index];
  return item === undefined ? index : idOf(item);
}

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });

function dayOf(at: string): string {
  return dayFormat.format(new Date(at));
}
