/** The lines of a log, of which only those in sight are drawn. */
import { Button } from '@mantine/core';
import { IconArrowDown } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { AnsiText } from './ansi-text.tsx';
import type { BufferedLine } from './log-buffer.ts';
import classes from './line-list.module.css';

export interface LineListProps {
  readonly lines: readonly BufferedLine[];
  readonly isFollowing: boolean;
  readonly onFollow: (isFollowing: boolean) => void;
  readonly hasTimes: boolean;
  readonly isWrapped: boolean;
  /** Of a terminal there is one stream alone. */
  readonly isTerminal: boolean;
  readonly search: string;
  /** The number of the match that is gone to. */
  readonly chosen: number | null;
}

const LINE_PX = 19;
/** So near to its end it follows. */
const NEAR_PX = 24;

export function LineList({ lines, isFollowing, onFollow, hasTimes, isWrapped, isTerminal, search, chosen }: LineListProps): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const seen = useRef({ top: 0, height: 0 });
  const virtualizer = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 12, getItemKey: (index) => lines[index]?.number ?? index });
  const height = virtualizer.getTotalSize();

  useLayoutEffect(() => {
    const element = scroller.current;
    if (isFollowing && element !== null) element.scrollTop = element.scrollHeight;
  }, [isFollowing, lines, height]);

  useEffect(() => {
    if (chosen === null) return;
    const index = lines.findIndex(({ number }) => number === chosen);
    if (index !== -1) virtualizer.scrollToIndex(index, { align: 'center' });
    // Only when another match is gone to: lines that come must not pull it back.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [chosen]);

  /** Who scrolls up wants to read; who scrolls to the end wants to follow. What only grew is neither. */
  function scrolled(): void {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    const isUp = scrollTop < seen.current.top - 2 && scrollHeight >= seen.current.height;
    seen.current = { top: scrollTop, height: scrollHeight };
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (isFollowing && isUp && !isAtEnd) onFollow(false);
    else if (!isFollowing && isAtEnd && !isUp && lines.length > 0 && chosen === null) onFollow(true);
  }

  return (
    <div className={classes['frame']}>
      <div ref={scroller} className={classes['scroller']} onScroll={scrolled} role="log" aria-label="Log lines" aria-live="off" tabIndex={0}>
        <div className={classes['canvas']} style={{ height }} data-wrapped={isWrapped || undefined}>
          {virtualizer.getVirtualItems().map(({ index, start, key }) => {
            const line = lines[index];
            if (line === undefined) return null;
            return (
              <div key={key} ref={virtualizer.measureElement} data-index={index} className={classes['line']} data-stream={line.stream} data-chosen={line.number === chosen || undefined} style={{ transform: `translateY(${start}px)` }}>
                {!isTerminal && <span className={classes['stream']}>{line.stream === 'err' ? 'err' : ''}</span>}
                {hasTimes && <time className={classes['time']} dateTime={line.at}>{line.at.slice(0, 23).replace('T', ' ')}</time>}
                <span className={classes['text']}><AnsiText text={line.text} search={search} /></span>
              </div>
            );
          })}
        </div>
        {lines.length === 0 && <p className={classes['empty']}>{search === '' ? 'No output yet.' : 'No line matches.'}</p>}
      </div>
      {!isFollowing && <Button className={classes['end'] ?? ''} size="xs" leftSection={<IconArrowDown size={14} aria-hidden />} onClick={() => onFollow(true)}>To the end</Button>}
    </div>
  );
}
