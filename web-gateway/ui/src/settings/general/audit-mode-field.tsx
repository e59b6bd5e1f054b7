/** What becomes of calls that can't be recorded. */
import { Radio, Stack } from '@mantine/core';
import type { FieldsProps } from './settings-form.tsx';

export function AuditModeField({ draft, isReadOnly, faultOf }: FieldsProps): React.JSX.Element {
  return (
    <Radio.Group aria-label="Audit mode" value={draft.valueOf('auditMode') ?? ''} onChange={(value) => draft.set('auditMode', value === 'available' ? 'available' : 'strict')} error={faultOf('auditMode')}>
      <Stack gap="sm">
        <Radio value="strict" label="Refuse them (strict)" description="Nothing is changed that the record does not know of. The default." disabled={isReadOnly} />
        <Radio value="available" label="Let them through (available)" description="Engines can be used while the store is away, and the record has a gap." disabled={isReadOnly} />
      </Stack>
    </Radio.Group>
  );
}
