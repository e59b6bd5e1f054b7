/** A filter that is typed: it holds when Enter is pressed, a suggestion is chosen, or the field is left. */
import { Autocomplete, CloseButton } from '@mantine/core';
import { useState } from 'react';

export interface TextFilterProps {
  readonly label: string;
  readonly placeholder?: string;
  /** What holds; undefined is no filter. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly suggestions?: readonly string[];
  /** At most, in pixels. */
  readonly width?: number;
}

export function TextFilter({ label, placeholder = 'Any', value, onChange, suggestions = [], width = 170 }: TextFilterProps): React.JSX.Element {
  /** What is being typed, until it holds. */
  const [typed, setTyped] = useState<string>();
  const hold = (text: string | undefined): void => {
    setTyped(undefined);
    if (text !== undefined && text.trim() !== (value ?? '')) onChange(text.trim() === '' ? undefined : text.trim());
  };
  return (
    <Autocomplete
      label={label}
      placeholder={placeholder}
      size="xs"
      flex="1 1 130px"
      maw={width}
      data={[...new Set(suggestions)].slice(0, 50)}
      value={typed ?? value ?? ''}
      onChange={setTyped}
      onOptionSubmit={hold}
      onBlur={() => hold(typed)}
      onKeyDown={({ key }) => {
        if (key === 'Enter') hold(typed);
      }}
      rightSection={value === undefined ? null : <CloseButton size="xs" aria-label={`Any ${label.toLowerCase()}`} onClick={() => hold('')} />}
      rightSectionPointerEvents="all"
    />
  );
}
