/** The focus after a dialog or a drawer: it goes back to where that was opened from, also where that was a menu which is gone by then. */
import { useEffect, useRef } from 'react';

/** What was focused last, but in a menu or a dialog: those go. */
let lastingFocus: HTMLElement | null = null;

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && target.closest('[role="menu"], [role="dialog"]') === null) lastingFocus = target;
});

/** @returns properties of Mantine's Modal or Drawer, which must stay there when it closes */
export function useReturnedFocus(opened: boolean): { readonly returnFocus: false; readonly onExitTransitionEnd: () => void } {
  const opener = useRef<HTMLElement>(null);
  useEffect(() => {
    if (opened) opener.current = lastingFocus;
  }, [opened]);
  return { returnFocus: false, onExitTransitionEnd: () => opener.current?.focus({ preventScroll: true }) };
}
