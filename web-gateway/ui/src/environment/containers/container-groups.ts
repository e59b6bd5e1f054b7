/** Containers by the Compose project or Swarm stack they belong to. */
import { projectOf, type ContainerRow } from '../engine/engine-rows.ts';

/** Containers that belong together. */
export interface ContainerGroup {
  /** Null for those that belong to none. */
  readonly project: string | null;
  readonly containers: readonly ContainerRow[];
}

/** Projects by name, those of none last; within, by name. @param search a part of a name, image, state or project */
export function groupContainers(containers: readonly ContainerRow[], search: string): readonly ContainerGroup[] {
  const wanted = search.trim().toLowerCase();
  const byProject = new Map<string | null, ContainerRow[]>();
  for (const container of containers) {
    const project = projectOf(container.labels);
    if (wanted !== '' && ![container.name, container.image, container.state, project ?? '', container.id].some((text) => text.toLowerCase().includes(wanted))) continue;
    const group = byProject.get(project);
    if (group === undefined) byProject.set(project, [container]);
    else group.push(container);
  }
  return [...byProject]
    .map(([project, found]) => ({ project, containers: found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })) }))
    .sort((a, b) => (a.project === null ? 1 : b.project === null ? -1 : a.project.localeCompare(b.project)));
}
