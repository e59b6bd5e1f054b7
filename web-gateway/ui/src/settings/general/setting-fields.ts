/** The settings as people meet them: in groups, with words and units. docs/configuration.md has their bounds, and the server judges them. */
import { BYTES, COUNT, DAYS, HOURS, quantityText, SECONDS, type Unit } from '../../parts/quantity.ts';
import type { Settings } from '../settings-query.ts';

type NamesOf<Value> = { [Name in keyof Settings]: Settings[Name] extends Value ? (Value extends Settings[Name] ? Name : never) : never }[keyof Settings];
/** Settings that are numbers. */
export type NumericSetting = NamesOf<number>;
/** Settings that are on or off. */
export type BooleanSetting = NamesOf<boolean>;

/** A setting as a field. */
export type SettingField =
  | { readonly kind: 'quantity'; readonly name: NumericSetting; readonly label: string; readonly description?: string; readonly units: readonly Unit[]; readonly zeroMeans?: string; readonly withoutZero?: number }
  | { readonly kind: 'switch'; readonly name: BooleanSetting; readonly label: string; readonly description: string };

/** Fields under one head. */
export interface SettingGroup {
  readonly title: string;
  readonly description?: string;
  readonly fields: readonly SettingField[];
}

/** In the order of the page; what needs more than a field is not among them. */
export const GROUPS: readonly SettingGroup[] = [
  {
    title: 'Tunnels',
    fields: [
      { kind: 'quantity', name: 'inactivityTimeoutSeconds', label: 'Inactivity', description: 'An unused tunnel is closed after so long. Terminals and followed logs count as use.', units: SECONDS },
      { kind: 'quantity', name: 'keepAliveIntervalSeconds', label: 'Keep-alive', description: 'How often a page that is looked at keeps its tunnel open.', units: SECONDS },
      { kind: 'quantity', name: 'maxChannelsPerTunnel', label: 'Channels in a tunnel', description: 'Connections through one tunnel at once.', units: [{ label: 'channels', size: 1 }] },
      { kind: 'quantity', name: 'stalledBytesLimit', label: 'Held for slow readers', description: 'What channels that nobody reads may hold in memory, all together.', units: BYTES },
    ],
  },
  {
    title: 'Snapshots',
    fields: [
      { kind: 'quantity', name: 'snapshotIntervalSeconds', label: 'Snapshot interval', description: 'How often each engine’s snapshot is taken. Off: at the first contact, on demand, and before a tunnel closes.', units: SECONDS, zeroMeans: 'Off', withoutZero: 3600 },
      { kind: 'switch', name: 'maskSecretsInSnapshots', label: 'Mask secrets in snapshots', description: 'Values of variables and labels that look like secrets are not kept.' },
    ],
  },
  {
    title: 'Sessions',
    description: 'Of people who sign in, from their next sign-in on.',
    fields: [
      { kind: 'quantity', name: 'sessionSeconds', label: 'Session length', description: 'A session lasts so long at most.', units: SECONDS },
      { kind: 'quantity', name: 'sessionIdleSeconds', label: 'Session without use', description: 'And so long without use.', units: SECONDS },
    ],
  },
  {
    title: 'The record',
    fields: [
      { kind: 'quantity', name: 'checkpointIntervalSeconds', label: 'Checkpoint interval', description: 'How often a checkpoint is signed, which proves later that nothing was altered.', units: SECONDS },
      { kind: 'switch', name: 'publishPolls', label: 'Publish polls to NATS', description: 'Polls are most of what is recorded. Matters only where NATS is set up.' },
    ],
  },
];

/** By which settings something is kept. */
export interface Kept {
  readonly title: string;
  readonly age: NumericSetting;
  readonly ageUnits: readonly Unit[];
  readonly defaultAge: number;
  readonly count: NumericSetting;
  readonly bytes: NumericSetting;
}

/** What is kept for a time; all else is kept for ever. */
export const KEPT: readonly Kept[] = [
  { title: 'Polls', age: 'pollRetentionHours', ageUnits: HOURS, defaultAge: 24, count: 'pollRetentionCount', bytes: 'pollRetentionBytes' },
  { title: 'Activity', age: 'activityRetentionDays', ageUnits: DAYS, defaultAge: 365, count: 'activityRetentionCount', bytes: 'activityRetentionBytes' },
  { title: 'Refusals', age: 'refusalRetentionDays', ageUnits: DAYS, defaultAge: 90, count: 'refusalRetentionCount', bytes: 'refusalRetentionBytes' },
  { title: 'Snapshots', age: 'snapshotRetentionDays', ageUnits: DAYS, defaultAge: 30, count: 'snapshotRetentionCount', bytes: 'snapshotRetentionBytes' },
];

/** What a setting is called on the page. */
export function labelOf(name: string): string {
  const field = GROUPS.flatMap(({ fields }) => fields).find((one) => one.name === name);
  if (field !== undefined) return field.label;
  for (const { title, age, count, bytes } of KEPT) {
    const index = [age, count, bytes].findIndex((one) => one === name);
    if (index >= 0) return `${title}: ${['age', 'count', 'size'][index] ?? ''}`;
  }
  return OTHER_LABELS[name] ?? name;
}

const OTHER_LABELS: Readonly<Record<string, string>> = {
  pollIntervalSeconds: 'Poll interval',
  auditMode: 'When nothing can be recorded',
  operatorDeniedOperations: 'Denied to operators',
  adminDeniedOperations: 'Denied to admins',
};

/** What the server has against a setting, without the name that the interface has for it, and with the unit that it counts in. */
export function faultText(name: string, reason: string): string {
  const [, unit] = /(Seconds|Hours|Days|Bytes)$/.exec(name) ?? [];
  const bare = reason.startsWith(`${name} is `) ? `must be ${reason.slice(name.length + 4)}` : reason;
  return unit === undefined ? bare : bare.replace(/from \d+ to \d+/, (range) => `${range} ${unit.toLowerCase()}`);
}

/** A value as people read it. */
export function valueText(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.join(', ');
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value !== 'number') return String(value);
  return quantityText(value, unitsOf(name));
}

function unitsOf(name: string): readonly Unit[] {
  const field = GROUPS.flatMap(({ fields }) => fields).find((one) => one.name === name);
  if (field?.kind === 'quantity') return field.units;
  return name.endsWith('Bytes') ? BYTES : name.endsWith('Hours') ? HOURS : name.endsWith('Days') ? DAYS : name.endsWith('Count') ? COUNT : SECONDS;
}
