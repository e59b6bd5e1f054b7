/** The address that agents call: looked at as it is typed, with this machine's others to choose from. */
import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { LOOPBACK_BOX } from '../parts/loopback-words.ts';
import type { AddressJudgement } from './agent-address.ts';

/** What the server offers, and knows itself by; admins alone are told. */
export const addressesQuery = { queryKey: ['addresses'], queryFn: () => answerOf(api.GET('/api/v1/addresses')) } as const;

interface AddressFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly judgement: AddressJudgement;
  readonly isLoopbackAllowed: boolean;
  readonly onLoopbackAllowed: (isAllowed: boolean) => void;
  readonly error: string | undefined;
}

export function AddressField({ value, onChange, judgement, isLoopbackAllowed, onLoopbackAllowed, error }: AddressFieldProps): React.JSX.Element {
  const { data } = useQuery(addressesQuery);
  const others = (data?.items ?? []).filter(({ address }) => address !== value.trim());
  return (
    <Stack gap="xs">
      <TextInput
        label="Address"
        description="HOST:PORT that the agent calls. It is in the join token, and can be changed later without a visit to the agent."
        required
        withAsterisk={false}
        autoCapitalize="none"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
      />
      {judgement === 'loopback' && (
        <Alert role="note" color="beacon" variant="light" icon={<IconInfoCircle aria-hidden />} title="Only this server’s own machine can call that">
          <Stack gap="xs" align="flex-start">
            <Text size="sm">
              A loopback address means “myself” on every machine: an agent elsewhere would call itself. Give an address by which the agent’s machine reaches this one
              {others.length > 0 ? ', such as one of those below.' : '. This server knows none: it may listen on loopback alone (serve --host).'}
            </Text>
            <Checkbox label={LOOPBACK_BOX} checked={isLoopbackAllowed} onChange={(event) => onLoopbackAllowed(event.currentTarget.checked)} />
          </Stack>
        </Alert>
      )}
      {others.length > 0 && (
        <Group gap={6} role="group" aria-label="Other addresses of this server">
          <Text size="xs" c="dimmed">Also known here:</Text>
          {others.slice(0, 8).map(({ address, source, interface: device }) => (
            <Button key={address} size="compact-xs" variant="default" onClick={() => onChange(address)} title={WORDS[source]}>
              {address}
              {device !== null && <Text span size="xs" c="dimmed" ml={4}>{device}</Text>}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}

const WORDS = {
  'host-name': 'This machine’s name',
  interface: 'An address of this machine',
  certificate: 'A name in this server’s certificate',
} as const;
