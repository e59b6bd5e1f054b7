/** Removes one thing of an engine, once it is asked whether it is meant. */
import { IconTrash } from '@tabler/icons-react';
import { useEngineAction, type EngineCall } from '../engine/use-engine-action.ts';
import { useEnvironmentPage } from '../environment-context.ts';
import { RowAction } from './row-action.tsx';

/** @param whyNot why this one cannot be removed, whatever one may */
export function RemoveAction({ name, text, call, whyNot = null }: { readonly name: string; readonly text: string; readonly call: EngineCall; readonly whyNot?: string | null }): React.JSX.Element {
  const { whyNoActions, ask } = useEnvironmentPage();
  const { run, isBusy } = useEngineAction();
  return (
    <RowAction label={`Remove ${name}`} icon={IconTrash} isBusy={isBusy} whyNot={whyNoActions ?? whyNot} onClick={() => ask({ title: `Remove ${name}?`, text, action: 'Remove', onConfirm: () => void run({ done: `${name} is removed.`, failed: `${name} could not be removed`, calls: [call] }) })} />
  );
}
