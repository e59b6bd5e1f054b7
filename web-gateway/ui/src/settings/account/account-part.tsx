/** Who one is here, one's password, sessions and keys. */
import { Stack } from '@mantine/core';
import { useMay, useSession } from '../../session/session.ts';
import { RelativeTime } from '../../time/relative-time.tsx';
import { KeysPart } from '../keys/keys-part.tsx';
import { Section } from '../section.tsx';
import { SessionsTable } from '../sessions/sessions-table.tsx';
import { grantsText, roleLabel } from '../users/users-query.ts';
import { OwnPassword } from './own-password.tsx';
import { Facts } from '../../parts/facts.tsx';

export function AccountPart(): React.JSX.Element {
  const { username, role, grants, expiresAt } = useSession();
  const mayHaveKeys = useMay('auditor');
  return (
    <Stack>
      <Section title="You">
        <Facts
          facts={[
            ['Username', username],
            ['Role', roleLabel(role)],
            ['Reaches', grants === null && role === 'operator' ? 'Every environment' : grantsText(role, grants ?? [])],
            ['This session ends', <RelativeTime key="ends" at={expiresAt} />],
          ]}
        />
      </Section>
      <OwnPassword />
      <Section title="Your sessions" description="Where you are signed in now.">
        <SessionsTable isOwn />
      </Section>
      {mayHaveKeys && <KeysPart isOwn />}
    </Stack>
  );
}
