/** Which events of the record are asked for. */
import type { EventSelection } from '../../../services/application/ports/history.ts';
import { instant } from './json-schema.ts';

const text = { type: 'string', minLength: 1, maxLength: 200 };
const several = { type: 'string', pattern: '^[^,]{1,200}(,[^,]{1,200}){0,99}$' };

export const selectionProperties = {
  stream: text,
  category: { ...several, description: 'Such as tunnel; several with commas.' },
  type: { ...several, description: 'Such as TunnelOpened; several with commas.' },
  environment: { type: 'string', pattern: '^[a-z0-9]{1,64}$', description: 'An environment’s id.' },
  actor: { ...text, description: 'Who: an actor, or what it begins with: user:ann or ann with all keys, agent:<environment id>, system.' },
  withoutPolls: { type: 'boolean', default: false, description: 'Leaves out AgentPolled, which is most of what is recorded.' },
  changes: { type: 'boolean', default: false, description: 'Leaves out what changed nothing: polls, calls that only read, refusals, and what the control plane says of its own record.' },
  from: { ...instant, description: 'Inclusive, by recordedAt.' },
  to: { ...instant, description: 'Exclusive.' },
} as const;

export interface SelectionQuerystring {
  stream?: string;
  category?: string;
  type?: string;
  environment?: string;
  actor?: string;
  withoutPolls: boolean;
  changes: boolean;
  from?: string;
  to?: string;
}

/** As the application is asked. */
export function selectionOf({ stream, category, type, environment, actor, withoutPolls, changes, from, to }: SelectionQuerystring): EventSelection {
  return {
    ...(stream === undefined ? {} : { stream }),
    ...(category === undefined ? {} : { categories: category.split(',') }),
    ...(type === undefined ? {} : { types: type.split(',') }),
    ...(environment === undefined ? {} : { environmentId: environment }),
    ...(actor === undefined ? {} : { actor }),
    withoutPolls,
    changesOnly: changes,
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  };
}
