/** A container's logs: followed, searched, saved. */
import { ActionIcon, Badge, Button, Group, Menu, Select, Stack, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconDownload, IconEraser, IconSearch } from '@tabler/icons-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { saveFile } from '../../parts/save-file.ts';
import { sayFailed } from '../../parts/say.ts';
import type { SocketTarget } from '../container/container-socket.ts';
import { endInWords } from '../container/socket-end.ts';
import { allLogs, textOf } from './download-logs.ts';
import { LineList } from './line-list.tsx';
import type { LogState } from './log-messages.ts';
import { searchLog } from './search-log.ts';
import { useLogLines } from './use-log-lines.ts';

const TAILS = [
  { value: '100', label: 'Last 100 lines' },
  { value: '1000', label: 'Last 1,000 lines' },
  { value: '10000', label: 'Last 10,000 lines' },
  { value: 'all', label: 'All lines' },
];

export function LogsView({ target, name, isRunning }: { readonly target: SocketTarget; readonly name: string; readonly isRunning: boolean }): React.JSX.Element {
  const [tail, setTail] = useState('1000');
  const { buffer, state, clear, again } = useLogLines(target, tail, isRunning);
  const [isFollowing, setFollowing] = useState(true);
  const [hasTimes, setTimes] = useState(false);
  const [isWrapped, setWrapped] = useState(true);
  const [onlyMatching, setOnlyMatching] = useState(false);
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search.trim());
  const [chosen, setChosen] = useState<number | null>(null);
  const { lines, matches } = useMemo(() => searchLog(buffer.lines, wanted, onlyMatching), [buffer, wanted, onlyMatching]);
  const isTerminal = buffer.lines[0]?.stream === 'tty';

  function step(by: 1 | -1): void {
    if (matches.length === 0) return;
    const index = chosen === null ? -1 : matches.indexOf(chosen);
    const next = index === -1 ? (by === 1 ? 0 : matches.length - 1) : (index + by + matches.length) % matches.length;
    setFollowing(false);
    setChosen(matches[next] ?? null);
  }

  const saving = useRef<AbortController>(undefined);
  useEffect(() => () => saving.current?.abort(), []);
  async function saveAll(): Promise<void> {
    saving.current?.abort();
    const { signal } = (saving.current = new AbortController());
    try {
      saveFile(`${name}.log`, 'text/plain', await allLogs(target, signal));
    } catch (error) {
      if (!signal.aborted) sayFailed('The logs could not be saved', error);
    }
  }

  return (
    <Stack gap="xs" h="100%" mih={0}>
      <Group gap="xs">
        <TextInput
          aria-label="Search the logs"
          placeholder="Search"
          size="xs"
          w={{ base: '100%', xs: 220 }}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            setChosen(null);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? 1 : -1);
          }}
        />
        {wanted !== '' && (
          <>
            <Text size="xs" role="status">{chosen === null ? '' : `${matches.indexOf(chosen) + 1} of `}{matches.length} match{matches.length === 1 ? '' : 'es'}</Text>
            <ActionIcon variant="default" size="sm" aria-label="Previous match" onClick={() => step(-1)}><IconChevronUp size={14} aria-hidden /></ActionIcon>
            <ActionIcon variant="default" size="sm" aria-label="Next match" onClick={() => step(1)}><IconChevronDown size={14} aria-hidden /></ActionIcon>
            <Switch size="xs" label="Only matching lines" checked={onlyMatching} onChange={(event) => setOnlyMatching(event.currentTarget.checked)} />
          </>
        )}
      </Group>
      <Group gap="md" justify="space-between">
        <Group gap="md">
          <Switch size="xs" label="Follow" checked={isFollowing} onChange={(event) => setFollowing(event.currentTarget.checked)} />
          <Switch size="xs" label="Timestamps" checked={hasTimes} onChange={(event) => setTimes(event.currentTarget.checked)} />
          <Switch size="xs" label="Wrap lines" checked={isWrapped} onChange={(event) => setWrapped(event.currentTarget.checked)} />
        </Group>
        <Group gap="xs">
          <Select aria-label="How much to begin with" size="xs" w={150} data={TAILS} value={tail} allowDeselect={false} onChange={(value) => setTail(value ?? '1000')} />
          <Tooltip label="Clear what is shown">
            <ActionIcon variant="default" size="md" aria-label="Clear" onClick={clear}><IconEraser size={16} aria-hidden /></ActionIcon>
          </Tooltip>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />}>Download</Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => saveFile(`${name}.log`, 'text/plain', lines.map(textOf))}>What is shown here</Menu.Item>
              <Menu.Item onClick={() => void saveAll()}>All that the engine has</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      <StateLine state={state} dropped={buffer.dropped} shown={buffer.lines.length} onAgain={again} />
      <LineList lines={lines} isFollowing={isFollowing} onFollow={setFollowing} hasTimes={hasTimes} isWrapped={isWrapped} isTerminal={isTerminal} search={wanted} chosen={chosen} />
    </Stack>
  );
}

function StateLine({ state, dropped, shown, onAgain }: { readonly state: LogState; readonly dropped: number; readonly shown: number; readonly onAgain: () => void }): React.JSX.Element {
  return (
    <Group gap="xs" fz="xs" c="dimmed" mih={24}>
      <span role="status">{STATE_WORDS[state.is]}{state.is === 'reconnecting' ? ` ${state.why}` : state.is === 'failed' ? ` ${endInWords(state.end)}` : ''}</span>
      {state.is === 'failed' && <Button size="compact-xs" variant="default" onClick={onAgain}>Retry</Button>}
      <span>{shown.toLocaleString()} lines{dropped > 0 ? `; ${dropped.toLocaleString()} older ones are not kept here` : ''}</span>
      <Badge size="xs" variant="default" tt="none">err</Badge>
      <span>marks standard error</span>
    </Group>
  );
}

const STATE_WORDS: Readonly<Record<LogState['is'], string>> = {
  connecting: 'Connecting…',
  following: 'Live.',
  reconnecting: 'Reconnecting:',
  ended: 'The log has ended: the container is not running.',
  failed: 'The log broke off:',
};
