/** A strip of tabs that is too long for a narrow screen shows the one that is chosen. */
import { useEffect, useRef, type RefObject } from 'react';

/** For the list of the tabs. @param chosen what is chosen; another one is brought into sight */
export function useChosenInSight(chosen: string): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (list.current === null || tab === null || tab === undefined) return;
    // Not scrollIntoView: that moves the page as well.
    const [from, to] = [tab.offsetLeft - list.current.offsetLeft, tab.offsetLeft - list.current.offsetLeft + tab.offsetWidth];
    if (from < list.current.scrollLeft) list.current.scrollLeft = from;
    else if (to > list.current.scrollLeft + list.current.clientWidth) list.current.scrollLeft = to - list.current.clientWidth;
  }, [chosen]);
  return list;
}
