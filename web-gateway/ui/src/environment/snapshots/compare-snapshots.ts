/** What differs between two snapshots of an engine. */
import type { SnapshotContent } from '../engine/snapshot-content.ts';

/** What was so, and is now. */
export interface FieldChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** Of one thing that is in either. */
export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  /** Of what was changed. */
  readonly fields: readonly FieldChange[];
}

/** Of one kind of thing. */
export interface SectionDifferences {
  readonly section: 'Containers' | 'Images' | 'Volumes' | 'Networks' | 'Services' | 'Engine';
  readonly differences: readonly Difference[];
  /** Whether one of the two had not room for all: what seems added or removed may only have been left out. */
  readonly isPartial: boolean;
}

type Fields = Readonly<Record<string, string>>;

/** Things are known by their names; what one of the two does not know is no difference. */
export function compareSnapshots(before: SnapshotContent, after: SnapshotContent): readonly SectionDifferences[] {
  const section = <Item>(name: SectionDifferences['section'], list: 'containers' | 'images' | 'volumes' | 'networks' | 'services', of: (content: SnapshotContent) => readonly Item[], describe: (item: Item) => readonly [name: string, fields: Fields]): SectionDifferences => ({
    section: name,
    differences: differences(new Map(of(before).map(describe)), new Map(of(after).map(describe))),
    isPartial: list in before.truncated || list in after.truncated || list in before.failed || list in after.failed,
  });
  return [
    section('Containers', 'containers', ({ containers }) => containers, ({ id, name, image, imageId, state, health, exitCode, ports, mounts, networks, labels, env }) => [
      name,
      { State: state, Image: image, 'Image ID': short(imageId), Health: health ?? 'not checked', 'Exit code': exitCode === null ? 'none' : String(exitCode), Ports: listed(ports), Mounts: listed(mounts), Networks: listed(networks), Labels: pairs(labels), ...(env === null ? {} : { Environment: pairs(env) }), 'Container ID': short(id) },
    ]),
    section('Images', 'images', ({ images }) => images, ({ id, tags }) => [tags[0] ?? short(id), { 'Image ID': short(id), Names: listed(tags) }]),
    section('Volumes', 'volumes', ({ volumes }) => volumes, ({ name, driver, mountpoint, labels }) => [name, { Driver: driver, 'Mount point': mountpoint, Labels: pairs(labels) }]),
    section('Networks', 'networks', ({ networks }) => networks, ({ id, name, driver, scope, internal, subnets, labels }) => [name, { Driver: driver, Scope: scope, Internal: internal ? 'yes' : 'no', Subnets: listed(subnets), Labels: pairs(labels), 'Network ID': short(id) }]),
    section('Services', 'services', ({ services }) => services, ({ name, image, mode, desired, labels }) => [name, { Image: image, Mode: mode, Tasks: String(desired), Labels: pairs(labels) }]),
    section('Engine', 'containers', ({ engine }) => (engine === null ? [] : [engine]), ({ name, version, apiVersion, operatingSystem, kernelVersion, cpus, memoryBytes, storageDriver }) => [name, { Version: version, 'API version': apiVersion, 'Operating system': operatingSystem, Kernel: kernelVersion, CPUs: String(cpus), Memory: String(memoryBytes), 'Storage driver': storageDriver }]),
  ];
}

function differences(before: ReadonlyMap<string, Fields>, after: ReadonlyMap<string, Fields>): readonly Difference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a.localeCompare(b));
  return names.flatMap<Difference>((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined) return [{ kind: 'added', name, fields: [] }];
    if (is === undefined) return [{ kind: 'removed', name, fields: [] }];
    const fields = Object.keys({ ...was, ...is }).flatMap((field) => (was[field] === is[field] || was[field] === undefined || is[field] === undefined ? [] : [{ field, before: was[field], after: is[field] }]));
    return fields.length === 0 ? [] : [{ kind: 'changed', name, fields }];
  });
}

/** No list of a snapshot has an order that means something. */
function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.toSorted().join(', ');
}

function pairs(of: Readonly<Record<string, string>>): string {
  return listed(Object.entries(of).map(([name, value]) => `${name}=${value}`));
}

function short(id: string): string {
  return id.replace('sha256:', '').slice(0, 12);
}
