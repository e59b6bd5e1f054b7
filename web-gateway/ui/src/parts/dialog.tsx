/** A dialog that gives the focus back to where it was opened from. */
import { Modal, type ModalProps } from '@mantine/core';
import { useReturnedFocus } from './returned-focus.ts';

/** It must stay there when it closes: what is in it is gone by itself. */
export function Dialog(props: Omit<ModalProps, 'returnFocus' | 'onExitTransitionEnd'>): React.JSX.Element {
  return <Modal {...props} {...useReturnedFocus(props.opened)} />;
}
