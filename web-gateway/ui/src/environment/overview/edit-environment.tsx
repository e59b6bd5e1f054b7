/** Changing an environment: refused where somebody else changed it meanwhile. */
import { Button, Checkbox, Group, Stack, TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { FormError } from '../../parts/form-error.tsx';
import { formFaults } from '../../parts/form-faults.ts';
import { LOOPBACK_BOX, loopbackRefused } from '../../parts/loopback-words.ts';
import { PollIntervalField, type PollInterval } from '../../parts/poll-interval-field.tsx';
import { sayDone } from '../../parts/say.ts';
import { settingsQuery } from '../../settings/settings-query.ts';
import { useEnvironmentPage } from '../environment-context.ts';

const FIELDS = ['/name', '/tags', '/address', '/tunnelAddress', '/pollIntervalSeconds'];

export function EditEnvironment({ entityTag, onClose }: { readonly entityTag: string; readonly onClose: () => void }): React.JSX.Element {
  const { environment } = useEnvironmentPage();
  const client = useQueryClient();
  const [begunWith] = useState({ entityTag, environment });
  const before = begunWith.environment;
  const [name, setName] = useState(before.name);
  const [tags, setTags] = useState<string[]>([...before.tags]);
  const [address, setAddress] = useState(before.address);
  const [tunnelAddress, setTunnelAddress] = useState(before.tunnelAddress);
  const [allowLoopback, setAllowLoopback] = useState(false);
  const [interval, setInterval] = useState<PollInterval>(before.pollIntervalSeconds);
  const settings = useQuery(settingsQuery);

  const change = useMutation({
    mutationFn: () =>
      answerOf(
        api.PATCH('/api/v1/environments/{id}', {
          params: { path: { id: before.id }, header: { 'if-match': begunWith.entityTag } },
          body: {
            ...(name === before.name ? {} : { name }),
            ...(JSON.stringify(tags) === JSON.stringify(before.tags) ? {} : { tags }),
            ...(address === before.address ? {} : { address }),
            ...(tunnelAddress === before.tunnelAddress ? {} : { tunnelAddress }),
            ...(allowLoopback ? { allowLoopback } : {}),
            ...(interval === undefined || interval === before.pollIntervalSeconds ? {} : { pollIntervalSeconds: interval }),
          },
        }),
      ),
    async onSuccess(changed) {
      sayDone(`${changed.name} is changed.`);
      onClose();
      await client.invalidateQueries({ queryKey: ['environment', before.id] });
    },
  });
  const isElsewhere = address !== before.address || tunnelAddress !== before.tunnelAddress;
  const faults = formFaults(change.error, FIELDS, loopbackRefused(isElsewhere));

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack>
        <TextInput label="Name" required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={faults.at('/name')} data-autofocus />
        <TagsInput label="Tags" description="To filter by, and to grant access by. Enter or a comma ends one." value={tags} onChange={setTags} error={faults.at('/tags')} clearable={false} />
        <TextInput label="Address" description="host:port that agents call. Those that are connected are told; join tokens printed before name the old one." value={address} onChange={(event) => setAddress(event.currentTarget.value)} error={faults.at('/address')} />
        <TextInput label="Tunnel address" description="host:port of the tunnel port." value={tunnelAddress} onChange={(event) => setTunnelAddress(event.currentTarget.value)} error={faults.at('/tunnelAddress')} />
        {isElsewhere && <Checkbox label={LOOPBACK_BOX} description="Allows a loopback address, which nobody else can call." checked={allowLoopback} onChange={(event) => setAllowLoopback(event.currentTarget.checked)} />}
        <PollIntervalField value={interval} onChange={setInterval} followed={settings.data?.settings.pollIntervalSeconds ?? before.heartbeat.intervalSeconds} error={faults.at('/pollIntervalSeconds')} />
        <FormError says={faults.elsewhere} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={change.isPending} disabled={interval === undefined}>Save</Button>
        </Group>
      </Stack>
    </form>
  );
}
