/** Chooses the node of a Swarm whose engine is looked at. */
import { Select } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { LatestSnapshot } from '../environment-queries.ts';

/** @param nodes of the environment's snapshots */
export function NodePicker({ nodes, node }: { readonly nodes: LatestSnapshot['nodes']; readonly node: string | undefined }): React.JSX.Element | null {
  const navigate = useNavigate({ from: '/environments/$id' });
  const known = nodes.flatMap(({ node: id, hostname }) => (id === null ? [] : [{ value: id, label: hostname === '' ? id : hostname }]));
  if (known.length === 0 && node === undefined) return null;
  const data = [{ value: '', label: 'Any manager' }, ...known, ...(node === undefined || known.some(({ value }) => value === node) ? [] : [{ value: node, label: node }])];
  return (
    <Select
      aria-label="Node"
      size="xs"
      w={200}
      data={data}
      value={node ?? ''}
      allowDeselect={false}
      onChange={(value) => void navigate({ search: ({ container: _, view: __, service: ___, node: ____, ...now }) => (value === null || value === '' ? now : { ...now, node: value }) })}
    />
  );
}
