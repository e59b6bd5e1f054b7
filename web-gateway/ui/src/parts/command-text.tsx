/** A text to paste into a shell, with a button that copies it. */
import { Box } from '@mantine/core';
import { CopyButton } from './copy-button.tsx';
import classes from './command-text.module.css';

export interface CommandTextProps {
  /** What is copied. */
  readonly text: string;
  /** What is shown, where that is not all of it; the text itself otherwise. */
  readonly shown?: string;
  /** What it is, for who cannot see it. */
  readonly label: string;
  /** Such as `Copy the command`. */
  readonly copyLabel: string;
  /** Whether it goes on in the next line where it is too long, as for one long word. */
  readonly isWrapped?: boolean;
  /** Beside the button. */
  readonly children?: React.ReactNode;
}

export function CommandText({ text, shown = text, label, copyLabel, isWrapped = false, children }: CommandTextProps): React.JSX.Element {
  return (
    <Box className={classes['frame'] ?? ''}>
      <pre className={classes['text']} data-wrapped={isWrapped || undefined} tabIndex={0} role="region" aria-label={label}>{shown}</pre>
      <div className={classes['actions']}>
        <div>{children}</div>
        <CopyButton text={text} label={copyLabel} />
      </div>
    </Box>
  );
}
