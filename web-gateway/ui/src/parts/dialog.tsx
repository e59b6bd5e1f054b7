/** A dialog that gives the focus back to where it was opened from, also where that was a menu which is gone by then. */
import { Modal, type ModalProps } from '@mantine/core';
import { useEffect, useRef } from 'react';

/** What was focused last, but in a menu or a dialog: those go. */
let lastingFocus: HTMLElement | null = null;

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && target.closest('[role="menu"], [role="dialog"]') === null) lastingFocus = target;
});

export function Dialog({ opened, ...props }: Omit<ModalProps, 'returnFocus' | 'onExitTransitionEnd'>): React.JSX.Element {
  const opener = useRef<HTMLElement>(null);
  useEffect(() => {
    if (opened) opener.current = lastingFocus;
  }, [opened]);
  return <Modal opened={opened} returnFocus={false} onExitTransitionEnd={() => opener.current?.focus({ preventScroll: true })} {...props} />;
}
