/** How long what expires is kept: by age, by count and by size. */
import { Fieldset, SimpleGrid } from '@mantine/core';
import { QuantityField } from '../../parts/quantity-field.tsx';
import { BYTES, COUNT } from '../../parts/quantity.ts';
import { KEPT } from './setting-fields.ts';
import type { FieldsProps } from './settings-form.tsx';

const NO_LIMIT = 'No limit';
const MILLION = 1_000_000;
const GIBIBYTE = 2 ** 30;

export function KeptFields({ draft, isReadOnly, faultOf }: FieldsProps): React.JSX.Element {
  return (
    <>
      {KEPT.map(({ title, age, ageUnits, defaultAge, count, bytes }) => (
        <Fieldset key={title} legend={title} radius="md" px="md" pb="md" pt="xs">
          <SimpleGrid cols={{ base: 1, lg: 3 }} spacing="md">
            <QuantityField label={`${title}: age`} units={ageUnits} zeroMeans={NO_LIMIT} withoutZero={defaultAge} value={draft.valueOf(age)} onChange={(value) => draft.set(age, value)} error={faultOf(age)} isReadOnly={isReadOnly} />
            <QuantityField label={`${title}: count`} units={COUNT} zeroMeans={NO_LIMIT} withoutZero={10 * MILLION} value={draft.valueOf(count)} onChange={(value) => draft.set(count, value)} error={faultOf(count)} isReadOnly={isReadOnly} />
            <QuantityField label={`${title}: size`} units={BYTES} zeroMeans={NO_LIMIT} withoutZero={16 * GIBIBYTE} value={draft.valueOf(bytes)} onChange={(value) => draft.set(bytes, value)} error={faultOf(bytes)} isReadOnly={isReadOnly} />
          </SimpleGrid>
        </Fieldset>
      ))}
    </>
  );
}
