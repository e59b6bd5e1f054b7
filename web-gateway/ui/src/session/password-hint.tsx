/** A hint to change the password that one's account was made with: others know it, or a file holds it. */
import { Alert, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { userQuery } from '../settings/users/users-query.ts';
import { AnchorLink } from '../parts/anchor-link.tsx';
import { useMay, useSession } from './session.ts';

export function PasswordHint(): React.JSX.Element | null {
  const { userId } = useSession();
  // Others are not told of accounts.
  const mayAsk = useMay('auditor');
  const { data } = useQuery({ ...userQuery(userId), enabled: mayAsk });
  const [isDismissed, setDismissed] = useLocalStorage({ key: `homeport.password-hint-dismissed.${userId}`, defaultValue: false, getInitialValueInEffect: false });
  if (isDismissed || data === undefined) return null;
  const { signsInBy, passwordChangedAt, createdAt } = data.user;
  if (signsInBy !== 'password' || passwordChangedAt !== createdAt) return null;
  return (
    <Alert role="note" color="beacon" variant="light" icon={<IconKey aria-hidden />} mb="md" title="Choose a password of your own" withCloseButton closeButtonLabel="Don’t show this again" onClose={() => setDismissed(true)}>
      <Text size="sm">
        You sign in with the one that your account was made with. <AnchorLink to="/settings/$part" params={{ part: 'account' }} inherit underline="always">Change it</AnchorLink>
      </Text>
    </Alert>
  );
}
