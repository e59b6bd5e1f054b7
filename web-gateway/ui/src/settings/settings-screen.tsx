/** Settings: of the installation, of its accounts, and of one's own. Each part has an address of its own. */
import { NavLink } from '@mantine/core';
import { IconCertificate, IconAdjustments, IconInfoCircle, IconKey, IconUser, IconUsers, type Icon } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { useMay, useSession } from '../session/session.ts';
import { AboutPart } from './about/about-part.tsx';
import { AccountPart } from './account/account-part.tsx';
import { CertificatePart } from './certificate/certificate-part.tsx';
import { GeneralPart } from './general/general-part.tsx';
import { KeysPart } from './keys/keys-part.tsx';
import classes from './settings-screen.module.css';
import { UsersPart } from './users/users-part.tsx';

interface Part {
  readonly name: string;
  readonly label: string;
  readonly icon: Icon;
  readonly content: React.ComponentType;
}

const ACCOUNT: Part = { name: 'account', label: 'Your account', icon: IconUser, content: AccountPart };
const PARTS: readonly Part[] = [
  { name: 'general', label: 'General', icon: IconAdjustments, content: GeneralPart },
  { name: 'users', label: 'Users', icon: IconUsers, content: UsersPart },
  { name: 'keys', label: 'API keys', icon: IconKey, content: () => <KeysPart /> },
  ACCOUNT,
  { name: 'certificate', label: 'Tunnel certificate', icon: IconCertificate, content: CertificatePart },
  { name: 'about', label: 'About', icon: IconInfoCircle, content: AboutPart },
];

export function SettingsScreen(): React.JSX.Element {
  const { part: asked } = useParams({ strict: false });
  const parts = useParts();
  const part = asked === undefined ? parts[0] : parts.find(({ name }) => name === asked);
  const Content = part?.content;
  return (
    <>
      <PageHeader title={part === undefined ? 'Settings' : `Settings: ${part.label}`} />
      <div className={classes['layout']}>
        <nav aria-label="Settings" className={classes['parts']}>
          {parts.map(({ name, label, icon: Symbol }) => (
            <NavLink
              key={name}
              className={classes['part'] ?? ''}
              renderRoot={(props: object) => <Link to="/settings/$part" params={{ part: name }} {...props} />}
              label={label}
              leftSection={<Symbol size={16} aria-hidden />}
              active={name === part?.name}
              {...(name === part?.name ? { 'aria-current': 'page' } : {})}
              variant="light"
            />
          ))}
        </nav>
        <div className={classes['content']}>{Content === undefined ? <EmptyState title="There is no such part of the settings, or it is not for your role">Choose another one.</EmptyState> : <Content />}</div>
      </div>
    </>
  );
}

/** Those that one's role may see: who may only read measurements has an account and nothing else. */
function useParts(): readonly Part[] {
  const maySee = useMay('auditor');
  const { role, grants } = useSession();
  if (!maySee) return [ACCOUNT];
  // Who reaches a part of the environments knows of no other users.
  return role === 'operator' && grants !== null ? PARTS.filter(({ name }) => name !== 'users') : PARTS;
}
