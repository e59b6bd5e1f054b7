/** A container's state in its engine's own words, which grow older with it. */
import { useServerText } from '../../time/use-server-now.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';
import { statusLater } from '../engine/status-later.ts';

/** Nothing where the engine says nothing. */
export function EngineSays({ container: { says, saidAtMs } }: { readonly container: Pick<ContainerRow, 'says' | 'saidAtMs'> }): React.JSX.Element {
  return <>{useServerText((nowMs) => (says === null || saidAtMs === null ? (says ?? '') : statusLater(says, (nowMs - saidAtMs) / 1000)))}</>;
}
