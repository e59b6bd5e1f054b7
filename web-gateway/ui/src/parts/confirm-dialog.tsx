/** Asks before something is destroyed. */
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from './dialog.tsx';

export interface Question {
  readonly title: string;
  readonly text: React.ReactNode;
  /** The button's, such as `Remove`. */
  readonly action: string;
  /** What has to be typed first, where it cannot be undone. */
  readonly typed?: string;
  readonly onConfirm: () => void;
}

/** @param question null where there is none */
export function ConfirmDialog({ question, onClose }: { readonly question: Question | null; readonly onClose: () => void }): React.JSX.Element {
  return (
    <Dialog opened={question !== null} onClose={onClose} title={question?.title ?? ''}>
      {question !== null && <Asking key={question.title} question={question} onClose={onClose} />}
    </Dialog>
  );
}

function Asking({ question: { text, action, typed, onConfirm }, onClose }: { readonly question: Question; readonly onClose: () => void }): React.JSX.Element {
  const [typing, setTyping] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onClose();
        onConfirm();
      }}
    >
      <Stack>
        <Text component="div" size="sm">{text}</Text>
        {typed !== undefined && <TextInput label={`Type ${typed} to confirm`} value={typing} onChange={(event) => setTyping(event.currentTarget.value)} autoComplete="off" data-autofocus />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" color="red.8" disabled={typed !== undefined && typing !== typed} {...(typed === undefined ? { 'data-autofocus': true } : {})}>{action}</Button>
        </Group>
      </Stack>
    </form>
  );
}
