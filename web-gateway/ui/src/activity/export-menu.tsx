/** The calls that are shown as a file; and the record of all calls with what proves it. */
import { Button, Group, Menu, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useReachesAll } from '../session/session.ts';
import { saveFile } from '../parts/save-file.ts';
import { sayDone, sayFailed } from '../parts/say.ts';
import { callsAsCsv, callsAsLines } from './calls-as-text.ts';
import { gatherCalls, MOST_EXPORTED } from './gather-calls.ts';
import { activityPage } from './use-activity.ts';

/** @param query what the server is asked for what is shown */
export function ExportMenu({ query }: { readonly query: Readonly<Record<string, string>> }): React.JSX.Element {
  /** How many are gathered; undefined while none are. */
  const [count, setCount] = useState<number>();
  const reachesAll = useReachesAll();
  const under = useRef<AbortController>(undefined);
  useEffect(() => () => under.current?.abort(), []);

  const save = async (kind: 'csv' | 'ndjson'): Promise<void> => {
    const controller = new AbortController();
    under.current = controller;
    setCount(0);
    try {
      const { calls, isCut } = await gatherCalls((paged, signal) => activityPage(query, paged, signal), setCount, controller.signal);
      const name = `homeport-activity-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${kind}`;
      if (kind === 'csv') saveFile(name, 'text/csv', callsAsCsv(calls));
      else saveFile(name, 'application/x-ndjson', callsAsLines(calls));
      const exported = `${calls.length.toLocaleString()} ${calls.length === 1 ? 'call' : 'calls'} exported`;
      sayDone(isCut ? `${exported}, the newest only: filter by time for the others, or use homeport events export.` : `${exported}: ${name}`);
    } catch (error) {
      if (!controller.signal.aborted) sayFailed('The export failed', error);
    } finally {
      setCount(undefined);
    }
  };

  if (count !== undefined) {
    return (
      <Group gap="xs" role="status">
        <Text size="sm">{count} gathered…</Text>
        <Button size="xs" variant="default" onClick={() => under.current?.abort()}>Stop</Button>
      </Group>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconDownload size={16} aria-hidden />}>Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>The calls that are shown, up to {MOST_EXPORTED.toLocaleString()}</Menu.Label>
        <Menu.Item onClick={() => void save('csv')}>CSV, for a spreadsheet</Menu.Item>
        <Menu.Item onClick={() => void save('ndjson')}>JSON lines</Menu.Item>
        {reachesAll && (
          <>
            <Menu.Divider />
            <Menu.Label>The record of them, with what proves it</Menu.Label>
            <Menu.Item component="a" href={recordHref(query)} download>Events of all calls</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** What the record can be asked for; a part of a path and a result it cannot. */
function recordHref({ environment, actor, from, to }: Readonly<Record<string, string>>): string {
  const asked = { category: 'activity', environment, actor, from, to };
  return `/api/v1/events/export?${new URLSearchParams(Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))).toString()}`;
}
