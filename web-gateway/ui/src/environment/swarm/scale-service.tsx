/** Changes how many tasks a service should have. */
import { Button, Group, NumberInput, Stack } from '@mantine/core';
import { IconArrowsDiagonal } from '@tabler/icons-react';
import { useState } from 'react';
import { askDocker } from '../../api/docker.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { sayFailed } from '../../parts/say.ts';
import { useEngineAction } from '../engine/use-engine-action.ts';
import type { ServiceRow } from '../engine/engine-rows.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { RowAction } from '../tables/row-action.tsx';

interface ApiServiceSpec {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Mode?: { readonly Replicated?: { readonly Replicas?: number } } };
}

export function ScaleService({ service: { id, name, mode, desired } }: { readonly service: ServiceRow }): React.JSX.Element {
  const { environment, node, whyNoActions } = useEnvironmentPage();
  const { run, isBusy } = useEngineAction();
  const [wanted, setWanted] = useState<number | null>(null);

  async function scale(replicas: number): Promise<void> {
    setWanted(null);
    try {
      // The version keeps it from undoing what somebody else changed meanwhile.
      const { Version, Spec } = await askDocker<ApiServiceSpec>(environment.id, `/services/${encodeURIComponent(id)}`, { node: node ?? null });
      await run({
        done: `${name} is to have ${replicas} task${replicas === 1 ? '' : 's'}.`,
        failed: `${name} could not be scaled`,
        calls: [{ path: `/services/${encodeURIComponent(id)}/update`, query: { version: Version.Index }, body: { ...Spec, Mode: { Replicated: { ...Spec.Mode?.Replicated, Replicas: replicas } } } }],
      });
    } catch (error) {
      sayFailed(`${name} could not be scaled`, error);
    }
  }

  return (
    <>
      <RowAction label={`Scale ${name}`} icon={IconArrowsDiagonal} isBusy={isBusy} whyNot={whyNoActions ?? (mode === 'replicated' ? null : 'Only replicated services can be scaled.')} onClick={() => setWanted(desired)} />
      <Dialog opened={wanted !== null} onClose={() => setWanted(null)} title={`Scale ${name}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (wanted !== null) void scale(wanted);
          }}
        >
          <Stack>
            <NumberInput label="Tasks" min={0} max={10_000} allowDecimal={false} allowNegative={false} value={wanted ?? 0} onChange={(value) => setWanted(typeof value === 'number' ? value : 0)} data-autofocus />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={() => setWanted(null)}>Cancel</Button>
              <Button type="submit">Scale</Button>
            </Group>
          </Stack>
        </form>
      </Dialog>
    </>
  );
}
