/** What is changed and not saved yet; and what somebody else has changed meanwhile. */
import { Alert, Button, Group, List, Paper, Stack, Text } from '@mantine/core';
import { ApiError, isCode, messageOf } from '../../api/api-error.ts';
import type { Settings } from '../settings-query.ts';
import classes from './save-bar.module.css';
import { faultText, labelOf, valueText } from './setting-fields.ts';
import type { SettingsDraft } from './use-settings-draft.ts';

export function SaveBar({ draft, current }: { readonly draft: SettingsDraft; readonly current: Settings }): React.JSX.Element | null {
  const { changed, changedMeanwhile, save } = draft;
  if (changed.length === 0) return null;
  const { error } = save;
  const isFaultOfField = error instanceof ApiError && error.faults.length > 0;
  return (
    <Paper withBorder shadow="md" p="sm" className={classes['bar'] ?? ''} role="region" aria-label="Unsaved changes">
      <Stack gap="xs">
        {changedMeanwhile.length > 0 && (
          <Alert role="alert" color="beacon" variant="light" title="Somebody else changed the settings meanwhile">
            <List size="sm">
              {changedMeanwhile.map((name) => (
                <List.Item key={name}>
                  {labelOf(name)} is now {valueText(name, current[name])}
                  {changed.includes(name) && ` (you: ${valueText(name, draft.valueOf(name))})`}
                </List.Item>
              ))}
            </List>
            <Group gap="xs" mt="xs">
              <Button size="xs" variant="default" onClick={draft.rebase}>Keep my changes on top of theirs</Button>
            </Group>
          </Alert>
        )}
        {save.isError && !isCode(error, 'precondition-failed') && <Text role="alert" size="sm" c="var(--mantine-color-error)">{isFaultOfField ? `Not saved: ${error.faults.map(({ pointer = '', reason }) => faultLine(pointer.split('/')[1] ?? '', reason)).join('; ')}.` : messageOf(error)}</Text>}
        {isCode(error, 'precondition-failed') && changedMeanwhile.length > 0 && <Text role="alert" size="sm" c="var(--mantine-color-error)">Not saved: {messageOf(error)}</Text>}
        {/* On the left: what is said of actions appears on the right, and must not cover them. */}
        <Group gap="sm">
          <Button type="submit" loading={save.isPending}>Save</Button>
          <Button variant="default" onClick={draft.discard}>Discard</Button>
          <Text size="sm" role="status">{changed.length === 1 ? '1 change' : `${changed.length} changes`} not saved: {changed.map(labelOf).join(', ')}</Text>
        </Group>
      </Stack>
    </Paper>
  );
}

function faultLine(name: string, reason: string): string {
  return `${labelOf(name)} ${faultText(name, reason)}`;
}
