/** Changing an environment: refused where somebody else changed it meanwhile. */
import { Alert, Button, Checkbox, Group, Modal, NumberInput, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, isCode, messageOf } from '../../api/api-error.ts';
import { answerOf, api } from '../../api/client.ts';
import { useEnvironmentPage } from '../environment-context.ts';

/** Portainer's choices; any other in seconds. */
const INTERVALS = [
  { value: '', label: 'As in the settings' },
  { value: '5', label: '5 seconds' },
  { value: '10', label: '10 seconds' },
  { value: '30', label: '30 seconds' },
  { value: '300', label: '5 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: 'other', label: 'Another' },
];

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
  const [seconds, setSeconds] = useState<number | null>(before.pollIntervalSeconds);
  const [choice, setChoice] = useState(seconds === null ? '' : INTERVALS.some(({ value }) => value === String(seconds)) ? String(seconds) : 'other');

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
            ...(seconds === before.pollIntervalSeconds ? {} : { pollIntervalSeconds: seconds }),
          },
        }),
      ),
    async onSuccess(changed) {
      notifications.show({ message: `${changed.name} is changed.`, color: 'green' });
      onClose();
      await client.invalidateQueries({ queryKey: ['environment', before.id] });
    },
  });
  const { error } = change;
  const fault = (field: string): string | undefined => (error instanceof ApiError ? error.faultAt(`/${field}`) : undefined);
  const isNameTaken = isCode(error, 'name-taken');
  const isElsewhere = error !== null && !isNameTaken && !(error instanceof ApiError && error.faults.some(({ pointer }) => pointer !== undefined));

  return (
    <Modal opened onClose={onClose} title={`Edit ${before.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack>
          <TextInput label="Name" required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} error={isNameTaken ? messageOf(error) : fault('name')} data-autofocus />
          <TagsInput label="Tags" description="Words to find it and to grant by. Enter adds one." value={tags} onChange={setTags} error={fault('tags')} clearable={false} />
          <TextInput label="Address" description="host:port that agents call. Those that are connected are told; join tokens printed before name the old one." value={address} onChange={(event) => setAddress(event.currentTarget.value)} error={fault('address')} />
          <TextInput label="Tunnel address" description="host:port of the tunnel port." value={tunnelAddress} onChange={(event) => setTunnelAddress(event.currentTarget.value)} error={fault('tunnelAddress')} />
          {(address !== before.address || tunnelAddress !== before.tunnelAddress) && <Checkbox label="Allow this machine’s own address (loopback), which nobody else can call" checked={allowLoopback} onChange={(event) => setAllowLoopback(event.currentTarget.checked)} />}
          <Group align="flex-end" grow>
            <Select
              label="Poll interval"
              data={INTERVALS}
              value={choice}
              allowDeselect={false}
              error={choice === 'other' ? undefined : fault('pollIntervalSeconds')}
              onChange={(value) => {
                setChoice(value ?? '');
                if (value !== 'other') setSeconds(value === '' || value === null ? null : Number(value));
                else setSeconds(seconds ?? 60);
              }}
            />
            {choice === 'other' && <NumberInput label="Seconds" min={1} max={86_400} allowDecimal={false} value={seconds ?? ''} onChange={(value) => setSeconds(typeof value === 'number' ? value : null)} error={fault('pollIntervalSeconds')} />}
          </Group>
          {isElsewhere && <Alert role="alert" color="red" variant="light">{messageOf(error)}</Alert>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <Button type="submit" loading={change.isPending}>Save</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
