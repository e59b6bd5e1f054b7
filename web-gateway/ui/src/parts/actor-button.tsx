/** Who did something, as a button that shows only what they did. */
import { UnstyledButton } from '@mantine/core';
import { actorText } from './actor-text.ts';

/** @param actor as the record has it */
export function ActorButton({ actor, className, onChoose }: { readonly actor: string; readonly className: string; readonly onChoose: (actor: string) => void }): React.JSX.Element {
  const who = actorText(actor);
  return <UnstyledButton className={className} aria-label={`Show only what ${who} did`} onClick={() => onChoose(actor)}>{who}</UnstyledButton>;
}
