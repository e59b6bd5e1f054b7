/** API keys: for scripts, the Docker CLI and monitoring. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Dialog } from '../../parts/dialog.tsx';
import { Section } from '../section.tsx';
import { KeyForm } from './key-form.tsx';
import { KeysTable } from './keys-table.tsx';

/** @param isOwn shows one's own alone */
export function KeysPart({ isOwn = false }: { readonly isOwn?: boolean }): React.JSX.Element {
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <Section
        title={isOwn ? 'Your API keys' : 'API keys'}
        description="For scripts, the command line and monitoring: Authorization: Bearer hp_…. A key may do no more than its user."
        actions={<Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>Create a key</Button>}
      >
        <KeysTable isOwn={isOwn} />
      </Section>
      <Dialog opened={isCreating} onClose={() => setCreating(false)} title="Create an API key" closeOnClickOutside={false}>
        <KeyForm onDone={() => setCreating(false)} />
      </Dialog>
    </>
  );
}
