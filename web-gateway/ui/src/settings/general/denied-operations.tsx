/** Which kinds of Docker operation each role is refused. */
import { Alert, Checkbox, Table, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import type { FieldsProps } from './settings-form.tsx';

/** docs/docker.md, "Denying operations". */
const OPERATIONS = [
  ['exec', 'Commands in running containers'],
  ['attach', 'A container’s own streams and terminal'],
  ['copy', 'Files in and out, exports'],
  ['create', 'Containers, pods and services, made or changed'],
  ['start-stop', 'Start, stop, restart, kill, pause'],
  ['build', 'Builds, commits'],
  ['images', 'Pull, push, load, save, tag'],
  ['remove', 'Whatever is removed by its name'],
  ['prune', 'What is not in use, removed at once'],
  ['networks', 'Made, changed, removed'],
  ['volumes', 'Made, changed, removed'],
  ['secrets', 'Secrets and configs'],
  ['swarm', 'The swarm, its nodes and services'],
  ['plugins', 'Made, changed, removed'],
  ['other', 'Whatever else acts'],
] as const;

const ROLES = [
  { name: 'operatorDeniedOperations', label: 'Operators', who: 'operators' },
  { name: 'adminDeniedOperations', label: 'Admins', who: 'admins' },
] as const;

export function DeniedOperations({ draft, isReadOnly, faultOf }: FieldsProps): React.JSX.Element {
  const denied = ROLES.map(({ name }) => new Set<string>(draft.valueOf(name) ?? []));
  const isHalfShut = denied.some((operations) => operations.has('exec') && !operations.has('create'));
  return (
    <>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Operation</Table.Th>
              {ROLES.map(({ label }) => (
                <Table.Th key={label} scope="col" w={96} style={{ whiteSpace: 'nowrap' }}>{label}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {OPERATIONS.map(([operation, says]) => (
              <Table.Tr key={operation}>
                <Table.Th scope="row" fw={400}>
                  <Text span size="sm" ff="monospace" mr="sm">{operation}</Text>
                  <Text span size="xs" c="dimmed" visibleFrom="sm">{says}</Text>
                </Table.Th>
                {ROLES.map(({ name, who }, index) => (
                  <Table.Td key={name}>
                    <Checkbox
                      aria-label={`Deny ${operation} to ${who}`}
                      checked={denied[index]?.has(operation) === true}
                      disabled={isReadOnly}
                      onChange={(event) => {
                        const next = new Set(denied[index]);
                        if (event.currentTarget.checked) next.add(operation);
                        else next.delete(operation);
                        draft.set(name, OPERATIONS.map(([one]) => one).filter((one) => next.has(one)));
                      }}
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {ROLES.map(({ name }) => faultOf(name)).map((fault) => fault !== undefined && <Text key={fault} size="sm" c="var(--mantine-color-error)">{fault}</Text>)}
      {isHalfShut && (
        <Alert role="note" color="beacon" variant="light" icon={<IconInfoCircle aria-hidden />}>
          Who may create a container may have the whole machine. To keep somebody from the machine, deny create, build, swarm, plugins and other too.
        </Alert>
      )}
    </>
  );
}
