/** How often agents poll: the choices that Portainer's users know, and any other. */
import { Box, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { QuantityField } from './quantity-field.tsx';
import { SECONDS, quantityText } from './quantity.ts';

const CHOICES = [5, 10, 30, 60, 300, 3600, 86_400];
const FOLLOW = 'follow';
const OTHER = 'other';

/** Seconds; null follows the settings, undefined is nothing yet. */
export type PollInterval = number | null | undefined;

export interface PollIntervalFieldProps {
  readonly label?: string;
  readonly description?: string;
  readonly value: PollInterval;
  readonly onChange: (value: PollInterval) => void;
  /** For an environment: what it polls by where it has no interval of its own, in seconds. Absent where there is nothing to follow. */
  readonly followed?: number;
  readonly error?: string | undefined;
  readonly isReadOnly?: boolean;
}

export function PollIntervalField({ label = 'Poll interval', description, value, onChange, followed, error, isReadOnly = false }: PollIntervalFieldProps): React.JSX.Element {
  const [isOther, setOther] = useState(typeof value === 'number' && !CHOICES.includes(value));
  const chosen = isOther || (typeof value === 'number' && !CHOICES.includes(value)) || value === undefined ? OTHER : value === null ? FOLLOW : String(value);

  return (
    <div>
      <NativeSelect
        label={label}
        description={description}
        error={chosen === OTHER ? undefined : error}
        disabled={isReadOnly}
        maw={340}
        data={[
          ...(followed === undefined ? [] : [{ value: FOLLOW, label: `As in the settings (${quantityText(followed, SECONDS)})` }]),
          ...CHOICES.map((seconds) => ({ value: String(seconds), label: quantityText(seconds, SECONDS) })),
          { value: OTHER, label: 'Another…' },
        ]}
        value={chosen}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setOther(next === OTHER);
          if (next === OTHER) onChange(typeof value === 'number' ? value : followed);
          else onChange(next === FOLLOW ? null : Number(next));
        }}
      />
      {chosen === OTHER && (
        <Box mt="xs">
          <QuantityField label={`${label} of your own`} units={SECONDS} value={value ?? null} onChange={(next) => onChange(next ?? undefined)} error={error} isReadOnly={isReadOnly} />
        </Box>
      )}
    </div>
  );
}
