/** What the address of an environment says. */
import { textsOf } from '../address/texts-of.ts';

/** In the order of the page. */
export const environmentTabs = ['overview', 'containers', 'images', 'volumes', 'networks', 'swarm', 'snapshots', 'timeline'] as const;
export type EnvironmentTab = (typeof environmentTabs)[number];

/** What is shown of a container. */
export const containerViews = ['logs', 'terminal', 'stats', 'inspect', 'attach'] as const;
export type ContainerView = (typeof containerViews)[number];

/** All of it may be absent. */
export interface EnvironmentSearch {
  /** `overview` where it is absent. */
  readonly tab?: EnvironmentTab;
  /** A Swarm node, by its id or host name; the environment's own engine where it is absent. */
  readonly node?: string;
  /** A container that is looked at, by its id or name, and how (`inspect` where it is absent). */
  readonly container?: string;
  readonly view?: ContainerView;
  /** A Swarm service whose tasks are looked at, by its name. */
  readonly service?: string;
  /** What the tab's list is filtered by; of a Swarm the services. */
  readonly filter?: string;
  /** The same of a Swarm's nodes. */
  readonly nodeFilter?: string;
  /** Two snapshots that are compared, by when they were taken. */
  readonly before?: string;
  readonly after?: string;
}

/** What is not known is left out. */
export function readEnvironmentSearch(search: Record<string, unknown>): EnvironmentSearch {
  const { tab, view, ...texts } = textsOf(search, ['tab', 'node', 'container', 'view', 'service', 'filter', 'nodeFilter', 'before', 'after']);
  const knownTab = environmentTabs.find((one) => one === tab);
  const knownView = containerViews.find((one) => one === view);
  return { ...texts, ...(knownTab === undefined ? {} : { tab: knownTab }), ...(knownView === undefined ? {} : { view: knownView }) };
}
