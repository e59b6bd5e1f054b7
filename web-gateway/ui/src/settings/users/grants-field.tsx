/** What an operator is granted: by the tags of environments. */
import { ActionIcon, Button, Fieldset, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { Grant } from './users-query.ts';

interface GrantsFieldProps {
  readonly value: readonly Grant[];
  readonly onChange: (value: readonly Grant[]) => void;
  /** By their place; undefined stands for all. */
  readonly faultOf: (index?: number) => string | undefined;
}

export function GrantsField({ value, onChange, faultOf }: GrantsFieldProps): React.JSX.Element {
  const fault = faultOf();
  function change(index: number, part: Partial<Grant>): void {
    onChange(value.map((grant, at) => (at === index ? { ...grant, ...part } : grant)));
  }
  return (
    <Fieldset legend="Grants" radius="md" p="sm" pt={4}>
      <Stack gap="xs">
        <Text size="xs" c="dimmed">By tags of environments; * is every one. read: lists, logs and figures; full: whatever the engine can do. Without any the operator reaches none.</Text>
        {value.map(({ tag, access }, index) => (
          <Group key={index} gap="xs" wrap="nowrap" align="flex-start">
            <TextInput aria-label={`Tag ${index + 1}`} placeholder="Tag, or *" style={{ flex: 1 }} value={tag} onChange={(event) => change(index, { tag: event.currentTarget.value })} error={faultOf(index)} />
            <NativeSelect aria-label={`Access to ${tag === '' ? `tag ${index + 1}` : tag}`} data={[{ value: 'full', label: 'full' }, { value: 'read', label: 'read' }]} value={access} onChange={(event) => change(index, { access: event.currentTarget.value === 'read' ? 'read' : 'full' })} />
            <ActionIcon variant="default" size={36} aria-label={`Take away the grant ${tag === '' ? index + 1 : tag}`} onClick={() => onChange(value.filter((_, at) => at !== index))}>
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        {fault !== undefined && <Text size="xs" c="var(--mantine-color-error)">{fault}</Text>}
        <Group>
          <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange([...value, { tag: '', access: 'full' }])}>Add a grant</Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
