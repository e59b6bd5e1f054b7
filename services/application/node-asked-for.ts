/** Which Swarm node is meant by an id or a host name. */
import type { SeenAgent } from '../domain/environment.ts';
import { ApplicationError } from './ports/application-error.ts';

/** More than these are not listed in an error. */
const named = 8;

/**
 * The Swarm node's id. A host name that several nodes have had (one that left its Swarm and came back has another id) means the
 * one that is there. Throws node-not-found: also where that leaves several.
 */
export function nodeAskedFor(asked: string, agents: readonly SeenAgent[], isPresent: (nodeId: string) => boolean): string {
  const nodes = agents.flatMap(({ report }) => (report.swarm === null ? [] : [{ id: report.swarm.nodeId, name: report.node }]));
  if (nodes.some(({ id }) => id === asked)) return asked;
  const sameName = nodes.filter(({ name }) => name.toLowerCase() === asked.toLowerCase());
  const present = sameName.filter(({ id }) => isPresent(id));
  const [found, ...others] = present.length > 0 ? present : sameName;
  if (found !== undefined && others.length === 0) return found.id;
  if (found !== undefined) {
    throw new ApplicationError('node-not-found', `${sameName.length} nodes are named ${asked}: name one by its id (${list(sameName.map(({ id }) => id))})`);
  }
  const known = nodes.length === 0 ? 'this environment’s agents have reported no Swarm' : `there are ${list(nodes.map(({ id, name }) => `${name} (${id})`))}`;
  throw new ApplicationError('node-not-found', `no agent has reported a Swarm node ${asked}: ${known}`);
}

function list(names: readonly string[]): string {
  return [...names.slice(0, named), ...(names.length > named ? [`${names.length - named} more`] : [])].join(', ');
}
