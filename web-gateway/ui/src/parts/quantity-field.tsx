/** A field for a quantity: a number, a unit that people use, and, where there is one, the word for nought. */
import { Checkbox, Group, NativeSelect, NumberInput, Text } from '@mantine/core';
import { useId, useState } from 'react';
import { unitOf, type Unit } from './quantity.ts';
import classes from './quantity-field.module.css';

export interface QuantityFieldProps {
  readonly label: string;
  readonly description?: string;
  readonly units: readonly Unit[];
  /** In base units; null while nothing is typed. */
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
  /** What 0 stands for, such as `No limit`; a box to tick. Absent where 0 is a number like any other. */
  readonly zeroMeans?: string;
  /** What is put in where the box is unticked, in base units. */
  readonly withoutZero?: number;
  readonly error?: string | undefined;
  readonly isReadOnly?: boolean;
}

export function QuantityField({ label, description, units, value, onChange, zeroMeans, withoutZero = 1, error, isReadOnly = false }: QuantityFieldProps): React.JSX.Element {
  const [unit, setUnit] = useState(() => unitOf(value ?? 0, units));
  const [known, setKnown] = useState(value);
  const id = useId();
  // Set from outside: by what the server says now.
  if (value !== known) {
    setKnown(value);
    if (value !== null && value > 0 && value % unit.size !== 0) setUnit(unitOf(value, units));
  }
  const isZero = zeroMeans !== undefined && value === 0;

  function say(next: number | null): void {
    setKnown(next);
    onChange(next);
  }

  return (
    <div role="group" aria-labelledby={`${id}-label`} {...(description === undefined ? {} : { 'aria-describedby': `${id}-says` })}>
      <Text id={`${id}-label`} size="sm" fw={600} lh={1.45}>{label}</Text>
      {description !== undefined && <Text id={`${id}-says`} size="xs" c="dimmed">{description}</Text>}
      <Group gap="xs" mt={5}>
        <NumberInput
          aria-label={label}
          className={classes['number'] ?? ''}
          value={isZero || value === null ? '' : value / unit.size}
          onChange={(next) => say(typeof next === 'number' ? Math.round(next * unit.size * 1000) / 1000 : next === '' ? null : Number(next) * unit.size)}
          min={0}
          clampBehavior="none"
          allowNegative={false}
          hideControls
          disabled={isZero}
          readOnly={isReadOnly}
          error={error !== undefined}
          {...(error === undefined ? {} : { 'aria-describedby': `${id}-fault` })}
        />
        {units.length === 1 ? (
          <Text size="sm" className={classes['unit'] ?? ''}>{unit.label}</Text>
        ) : (
          <NativeSelect
            aria-label={`${label}: unit`}
            className={classes['unit'] ?? ''}
            data={units.map((one) => one.label)}
            value={unit.label}
            disabled={isZero || isReadOnly}
            onChange={(event) => {
              const next = units.find((one) => one.label === event.currentTarget.value) ?? unit;
              // The number that was typed stays: it is the unit that was wrong.
              if (value !== null) say((value / unit.size) * next.size);
              setUnit(next);
            }}
          />
        )}
        {zeroMeans !== undefined && (
          <Checkbox
            label={zeroMeans}
            aria-label={`${label}: ${zeroMeans.toLowerCase()}`}
            checked={isZero}
            disabled={isReadOnly}
            onChange={(event) => {
              if (event.currentTarget.checked) return say(0);
              setUnit(unitOf(withoutZero, units));
              say(withoutZero);
            }}
          />
        )}
      </Group>
      {error !== undefined && <Text id={`${id}-fault`} size="xs" c="var(--mantine-color-error)" mt={4}>{error}</Text>}
    </div>
  );
}
