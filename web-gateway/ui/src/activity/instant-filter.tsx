/** An end of a stretch of time, in the reader's own zone; without one it is open. */
import { CloseButton, TextInput } from '@mantine/core';
import { useState } from 'react';
import { localText } from '../past/local-text.ts';

/** @param value RFC 3339 */
export function InstantFilter({ label, value, onChange }: { readonly label: string; readonly value: string | undefined; readonly onChange: (value: string | undefined) => void }): React.JSX.Element {
  /** What is being typed, until it holds. */
  const [typed, setTyped] = useState<string>();
  const hold = (): void => {
    setTyped(undefined);
    if (typed === undefined) return;
    const ms = new Date(typed).getTime();
    onChange(Number.isNaN(ms) ? undefined : new Date(ms).toISOString());
  };
  return (
    <TextInput
      type="datetime-local"
      size="xs"
      flex="1 1 165px"
      maw={200}
      label={label}
      value={typed ?? (value === undefined || Number.isNaN(Date.parse(value)) ? '' : localText(Date.parse(value)).slice(0, 16))}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={hold}
      onKeyDown={({ key }) => {
        if (key === 'Enter') hold();
      }}
      rightSection={value === undefined ? null : <CloseButton size="xs" aria-label={`${label}: any time`} onClick={() => onChange(undefined)} />}
    />
  );
}
