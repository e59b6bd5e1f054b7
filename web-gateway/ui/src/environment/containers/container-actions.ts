/** What can be done with containers, one or several, and in which state. */
import type { Icon } from '@tabler/icons-react';
import { IconBolt, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRefresh, IconTrash } from '@tabler/icons-react';
import type { EngineAction } from '../engine/use-engine-action.ts';
import type { ContainerRow } from '../engine/engine-rows.ts';

/** As the Docker API has them. */
export type ContainerVerb = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'unpause' | 'remove';

interface VerbLook {
  readonly label: string;
  /** As in `web is stopped`. */
  readonly past: string;
  readonly icon: Icon;
  readonly isFor: (state: string) => boolean;
  /** Whether it takes the agent away where it is the agent's own container. */
  readonly isHarmful: boolean;
}

const isUp = (state: string): boolean => state === 'running' || state === 'paused' || state === 'restarting';

/** How each is told of, and when it can be done. */
export const containerVerbs: Readonly<Record<ContainerVerb, VerbLook>> = {
  start: { label: 'Start', past: 'started', icon: IconPlayerPlay, isFor: (state) => !isUp(state), isHarmful: false },
  stop: { label: 'Stop', past: 'stopped', icon: IconPlayerStop, isFor: isUp, isHarmful: true },
  restart: { label: 'Restart', past: 'restarted', icon: IconRefresh, isFor: () => true, isHarmful: true },
  kill: { label: 'Kill', past: 'killed', icon: IconBolt, isFor: isUp, isHarmful: true },
  pause: { label: 'Pause', past: 'paused', icon: IconPlayerPause, isFor: (state) => state === 'running', isHarmful: true },
  unpause: { label: 'Unpause', past: 'unpaused', icon: IconPlayerPlay, isFor: (state) => state === 'paused', isHarmful: false },
  remove: { label: 'Remove', past: 'removed', icon: IconTrash, isFor: () => true, isHarmful: true },
};

/** In the order in which they are offered. */
export const verbsOffered: readonly ContainerVerb[] = ['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'remove'];

/** @param what how they are told of together, such as `web` or `the project shop` */
export function containerAction(verb: ContainerVerb, containers: readonly Pick<ContainerRow, 'id'>[], what: string): EngineAction {
  const { past, label } = containerVerbs[verb];
  return {
    done: `${what} is ${past}.`,
    failed: `${label}: ${what}`,
    calls: containers.map(({ id }) => (verb === 'remove' ? { method: 'DELETE', path: `/containers/${encodeURIComponent(id)}`, query: { force: true, v: true } } : { path: `/containers/${encodeURIComponent(id)}/${verb}` })),
  };
}
