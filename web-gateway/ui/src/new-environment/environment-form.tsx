/** What is to be known of a new environment. */
import { Alert, Button, Checkbox, Collapse, Group, Paper, Stack, TagsInput, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError, messageOf } from '../api/api-error.ts';
import { answerOf, api } from '../api/client.ts';
import { LinkButton } from '../parts/link-button.tsx';
import { PollIntervalField, type PollInterval } from '../parts/poll-interval-field.tsx';
import { settingsQuery } from '../settings/settings-query.ts';
import { AddressField, addressesQuery } from './address-field.tsx';
import { judgeAddress } from './agent-address.ts';
import type { CreatedEnvironment } from './arrival-query.ts';

const FIELDS = ['/name', '/address', '/tunnelAddress', '/tags', '/pollIntervalSeconds'];

export function EnvironmentForm({ onCreated }: { readonly onCreated: (environment: CreatedEnvironment) => void }): React.JSX.Element {
  const addresses = useQuery(addressesQuery);
  const settings = useQuery(settingsQuery);
  const [name, setName] = useState('');
  const [typedAddress, setAddress] = useState<string>();
  const [isLoopbackAllowed, setLoopbackAllowed] = useState(false);
  const [interval, setInterval] = useState<PollInterval>(null);
  const [tags, setTags] = useState<string[]>([]);
  const [tunnelAddress, setTunnelAddress] = useState('');
  const [isIssuedAlone, setIssuedAlone] = useState(false);
  const [hasMore, setMore] = useState(false);
  // The same for as long as the form is: a repeated request makes nothing twice, and a changed one is another.
  const attempt = useRef({ body: '', key: '' });

  const address = typedAddress ?? addresses.data?.offered ?? location.host;
  const judgement = judgeAddress(address);
  const create = useMutation({
    mutationFn: () => {
      const body = {
        name,
        address,
        tags,
        requireIssuedEdgeId: isIssuedAlone,
        ...(interval === null || interval === undefined ? {} : { pollIntervalSeconds: interval }),
        ...(tunnelAddress.trim() === '' ? {} : { tunnelAddress }),
        ...(judgement === 'loopback' && isLoopbackAllowed ? { allowLoopback: true } : {}),
      };
      const text = JSON.stringify(body);
      if (attempt.current.body !== text) attempt.current = { body: text, key: crypto.randomUUID() };
      return answerOf(api.POST('/api/v1/environments', { body, params: { header: { 'idempotency-key': attempt.current.key } } }));
    },
    onSuccess: onCreated,
    onError(error) {
      if (error instanceof ApiError && error.faultAt('/tunnelAddress') !== undefined) setMore(true);
    },
  });
  const error = create.error instanceof ApiError ? create.error : undefined;
  const faultAt = (pointer: string): string | undefined => error?.faultAt(pointer) ?? error?.faults.find((fault) => fault.pointer?.startsWith(`${pointer}/`))?.reason;
  const isAtField = FIELDS.some((pointer) => faultAt(pointer) !== undefined);

  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} maw={720}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="What people call it. It can be changed later."
            placeholder="factory"
            required
            withAsterisk={false}
            autoFocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={faultAt('/name')}
          />
          <AddressField value={address} onChange={setAddress} judgement={judgement} isLoopbackAllowed={isLoopbackAllowed} onLoopbackAllowed={setLoopbackAllowed} error={faultAt('/address') ?? (typedAddress !== undefined && judgement === 'malformed' && typedAddress !== '' ? 'An address is HOST:PORT, such as homeport.example.com:9443; IPv6 addresses stand in brackets.' : undefined)} />
          <PollIntervalField description="How often the agent says that it is there. Connecting takes a moment at any interval." value={interval} onChange={setInterval} {...(settings.data === undefined ? { followed: 5 } : { followed: settings.data.settings.pollIntervalSeconds })} error={faultAt('/pollIntervalSeconds')} />
          <TagsInput label="Tags" description="To filter by, and to grant access by. Enter or a comma ends one." value={tags} onChange={setTags} error={faultAt('/tags')} />
          <div>
            <UnstyledButton onClick={() => setMore(!hasMore)} aria-expanded={hasMore} fz="sm" c="var(--mantine-color-anchor)">
              <Group gap={4}>
                {hasMore ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
                More choices
              </Group>
            </UnstyledButton>
            <Collapse expanded={hasMore}>
              <Stack mt="sm">
                <TextInput
                  label="Tunnel address"
                  description="HOST:PORT of the tunnel port, where it is not the same host as the address. Empty: as this server says."
                  autoCapitalize="none"
                  spellCheck={false}
                  value={tunnelAddress}
                  onChange={(event) => setTunnelAddress(event.currentTarget.value)}
                  error={faultAt('/tunnelAddress')}
                />
                <Checkbox
                  label="Accept only the issued Edge ID"
                  description="An agent that brings another Edge ID is refused, even with the join token. Otherwise the first one that comes with the token is associated."
                  checked={isIssuedAlone}
                  onChange={(event) => setIssuedAlone(event.currentTarget.checked)}
                />
              </Stack>
            </Collapse>
          </div>
          {create.isError && !isAtField && <Alert role="alert" color="red" variant="light">{messageOf(create.error)}</Alert>}
          <Group>
            <Button type="submit" loading={create.isPending}>Create the environment</Button>
            <LinkButton to="/" variant="default">Cancel</LinkButton>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
