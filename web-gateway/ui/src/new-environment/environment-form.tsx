/** What is to be known of a new environment. */
import { Button, Checkbox, Collapse, Group, Paper, Stack, TagsInput, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { useIdempotencyKey } from '../api/use-idempotency-key.ts';
import { FormError } from '../parts/form-error.tsx';
import { formFaults } from '../parts/form-faults.ts';
import { LinkButton } from '../parts/link-button.tsx';
import { loopbackRefused } from '../parts/loopback-words.ts';
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
  const keyOf = useIdempotencyKey();

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
      return answerOf(api.POST('/api/v1/environments', { body, params: { header: { 'idempotency-key': keyOf(body) } } }));
    },
    onSuccess: onCreated,
    onError(error) {
      if (formFaults(error, FIELDS).at('/tunnelAddress') !== undefined) setMore(true);
    },
  });
  const faults = formFaults(create.error, FIELDS, loopbackRefused(judgement === 'loopback'));

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
            error={faults.at('/name')}
          />
          <AddressField value={address} onChange={setAddress} judgement={judgement} isLoopbackAllowed={isLoopbackAllowed} onLoopbackAllowed={setLoopbackAllowed} error={faults.at('/address') ?? (typedAddress !== undefined && judgement === 'malformed' && typedAddress !== '' ? 'An address is HOST:PORT, such as homeport.example.com:9443; IPv6 addresses stand in brackets.' : undefined)} />
          <PollIntervalField description="How often the agent says that it is there. Connecting takes a moment at any interval." value={interval} onChange={setInterval} {...(settings.data === undefined ? { followed: 5 } : { followed: settings.data.settings.pollIntervalSeconds })} error={faults.at('/pollIntervalSeconds')} />
          <TagsInput label="Tags" description="To filter by, and to grant access by. Enter or a comma ends one." value={tags} onChange={setTags} error={faults.at('/tags')} />
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
                  error={faults.at('/tunnelAddress')}
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
          <FormError says={faults.elsewhere} />
          <Group>
            <Button type="submit" loading={create.isPending} disabled={interval === undefined}>Create the environment</Button>
            <LinkButton to="/" variant="default">Cancel</LinkButton>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
