/** A terminal in a container: a shell of its own (exec), or the container's own process (attach). */
import '@xterm/xterm/css/xterm.css';
import { Button, Group, Kbd, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconClipboard, IconCopy } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { containerSocketUrl, type SocketTarget } from '../container/container-socket.ts';
import { commandOf, shells } from './shells.ts';
import classes from './terminal-view.module.css';
import { openTerminal, type TerminalSession, type TerminalState } from './terminal-session.ts';

interface Asked {
  readonly command: readonly string[];
  readonly user: string;
  /** Another number is another terminal. */
  readonly attempt: number;
}

const SCREEN_READER_KEY = 'homeport-terminal-screen-reader';

export function TerminalView({ target, kind }: { readonly target: SocketTarget; readonly kind: 'exec' | 'attach' }): React.JSX.Element {
  const { environmentId, node, container } = target;
  const [shell, setShell] = useState('auto');
  const [typed, setTyped] = useState('');
  const [user, setUser] = useState('');
  const [isRead, setRead] = useState(() => localStorage.getItem(SCREEN_READER_KEY) === '1');
  const [asked, setAsked] = useState<Asked>({ command: commandOf('auto', ''), user: '', attempt: 0 });
  const [state, setState] = useState<TerminalState>({ is: 'connecting' });
  const [size, setSize] = useState({ cols: 0, rows: 0 });
  const place = useRef<HTMLDivElement>(null);
  const wayOut = useRef<HTMLButtonElement>(null);
  const session = useRef<TerminalSession>(undefined);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const opened = openTerminal({
      element,
      url: containerSocketUrl({ environmentId, node, container }, kind, kind === 'attach' ? { logs: true } : {}),
      start: kind === 'attach' ? null : { command: asked.command, tty: true, ...(asked.user === '' ? {} : { user: asked.user }) },
      isForScreenReaders: localStorage.getItem(SCREEN_READER_KEY) === '1',
      onState: setState,
      onSize: setSize,
      onLeave: () => wayOut.current?.focus(),
    });
    session.current = opened;
    return () => opened.close();
  }, [environmentId, node, container, kind, asked]);

  const isOver = state.is === 'exited' || state.is === 'broken' || state.is === 'detached';
  const again = (): void => setAsked(({ attempt }) => ({ command: commandOf(shell, typed), user: user.trim(), attempt: attempt + 1 }));
  const command = commandOf(shell, typed);

  return (
    <Stack gap="xs" h="100%" mih={0}>
      {kind === 'exec' && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            again();
          }}
        >
          <Group gap="xs" align="flex-end">
            <Select label="Shell" size="xs" w={170} data={shells} value={shell} allowDeselect={false} onChange={(value) => setShell(value ?? 'auto')} />
            {shell === 'other' && <TextInput label="Command" size="xs" w={200} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder="/bin/ash -l" />}
            <TextInput label="User" size="xs" w={120} value={user} onChange={(event) => setUser(event.currentTarget.value)} placeholder="the image’s" />
            <Button type="submit" size="xs" variant="default" disabled={command.length === 0}>{isOver ? 'Open' : 'Open a new one'}</Button>
          </Group>
        </form>
      )}
      <div ref={place} className={classes['terminal']} role="group" aria-label="Terminal" />
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text size="sm" role="status">{stateInWords(state, kind)}</Text>
          {isOver && <Button size="compact-sm" variant="default" onClick={again}>{kind === 'exec' ? 'Open again' : 'Attach again'}</Button>}
          <Text size="xs" c="dimmed">{size.cols} × {size.rows}</Text>
        </Group>
        <Group gap="xs">
          <Switch
            size="xs"
            label="Screen reader"
            checked={isRead}
            onChange={(event) => {
              const is = event.currentTarget.checked;
              setRead(is);
              localStorage.setItem(SCREEN_READER_KEY, is ? '1' : '0');
              session.current?.showToScreenReaders(is);
            }}
          />
          <Button ref={wayOut} size="compact-sm" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={() => void navigator.clipboard.writeText(session.current?.selection() ?? '')}>Copy selection</Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconClipboard size={14} aria-hidden />}
            onClick={() =>
              void navigator.clipboard.readText().then((text) => {
                session.current?.paste(text);
                session.current?.focus();
              })
            }
          >
            Paste
          </Button>
        </Group>
      </Group>
      <Text size="xs" c="dimmed">
        All keys go to {kind === 'exec' ? 'the shell' : 'the container’s own process'}, Tab and Escape too. <Kbd size="xs">Ctrl Shift E</Kbd> leaves the terminal, <Kbd size="xs">Ctrl Shift C</Kbd> copies, <Kbd size="xs">Ctrl Shift V</Kbd> pastes.{kind === 'attach' && ' Closing this detaches: the container runs on.'}
      </Text>
    </Stack>
  );
}

function stateInWords(state: TerminalState, kind: 'exec' | 'attach'): string {
  switch (state.is) {
    case 'connecting':
      return 'Connecting…';
    case 'open':
      return kind === 'exec' ? 'Open' : 'Attached';
    case 'exited':
      return state.code === null ? 'It ended.' : `It ended with exit code ${state.code}.`;
    case 'detached':
      return 'Detached; the container runs on.';
    case 'broken':
      return `Broken off: ${state.why}`;
  }
}
