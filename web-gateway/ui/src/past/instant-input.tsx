/** An exact instant to go to, in the reader's own zone. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { serverNow } from '../time/server-clock.ts';
import { localText } from './local-text.ts';

/** @param atMs what is shown now, in milliseconds since 1970 */
export function InstantInput({ atMs, onInstant }: { readonly atMs: number; readonly onInstant: (ms: number) => void }): React.JSX.Element {
  /** What is being typed, until it is done. */
  const [draft, setDraft] = useState<string>();
  const [fault, setFault] = useState<string>();

  const done = (): void => {
    if (draft === undefined) return;
    const ms = new Date(draft).getTime();
    const wrong = Number.isNaN(ms) ? 'Give a date and a time.' : ms > serverNow() ? 'This lies in the future.' : undefined;
    setFault(wrong);
    if (wrong !== undefined) return;
    setDraft(undefined);
    onInstant(ms);
  };

  return (
    <TextInput
      type="datetime-local"
      step={1}
      size="xs"
      label="Date and time"
      value={draft ?? localText(atMs)}
      error={fault}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done();
      }}
    />
  );
}
