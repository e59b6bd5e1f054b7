/** What each setting is until an operator says otherwise, and what it may be. */
import { dockerOperations, isDockerOperation } from '../domain/docker-operation.ts';
import type { Settings } from '../domain/events.ts';
import { defaultPollRetentionHours } from '../domain/poll-retention.ts';
import { ApplicationError } from './ports/application-error.ts';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

/** What holds until an operator says otherwise. */
export const defaultSettings: Settings = {
  pollIntervalSeconds: 5,
  inactivityTimeoutSeconds: 300,
  keepAliveIntervalSeconds: 60,
  pollRetentionHours: defaultPollRetentionHours,
  pollRetentionCount: 0,
  pollRetentionBytes: 16 * gibibyte,
  activityRetentionDays: 365,
  activityRetentionCount: 0,
  activityRetentionBytes: 16 * gibibyte,
  refusalRetentionDays: 90,
  refusalRetentionCount: 0,
  refusalRetentionBytes: gibibyte,
  snapshotIntervalSeconds: 3600,
  snapshotRetentionDays: 30,
  snapshotRetentionCount: 20_000_000,
  snapshotRetentionBytes: 64 * gibibyte,
  maskSecretsInSnapshots: true,
  publishPolls: true,
  stalledBytesLimit: 256 * mebibyte,
  maxChannelsPerTunnel: 256,
  checkpointIntervalSeconds: 3600,
  sessionSeconds: 12 * 3600,
  sessionIdleSeconds: 2 * 3600,
  operatorDeniedOperations: [],
  adminDeniedOperations: [],
  auditMode: 'strict',
};

type BooleanSetting = 'maskSecretsInSnapshots' | 'publishPolls';
type OperationsSetting = 'operatorDeniedOperations' | 'adminDeniedOperations';
type NumericSetting = Exclude<keyof Settings, 'auditMode' | BooleanSetting | OperationsSetting>;

const booleanSettings: ReadonlySet<string> = new Set<BooleanSetting>(['maskSecretsInSnapshots', 'publishPolls']);
const operationsSettings: ReadonlySet<string> = new Set<OperationsSetting>(['operatorDeniedOperations', 'adminDeniedOperations']);

const retentionDays = [1, 3650] as const;
const retentionCount = [1, 1_000_000_000_000] as const;
const retentionBytes = [mebibyte, 2 ** 50] as const;

/** Bounds, both inclusive. */
export const settingBounds: Readonly<Record<NumericSetting, readonly [min: number, max: number]>> = {
  pollIntervalSeconds: [1, 86_400],
  inactivityTimeoutSeconds: [5, 86_400],
  keepAliveIntervalSeconds: [5, 3600],
  pollRetentionHours: [1, 8760],
  pollRetentionCount: retentionCount,
  pollRetentionBytes: retentionBytes,
  activityRetentionDays: retentionDays,
  activityRetentionCount: retentionCount,
  activityRetentionBytes: retentionBytes,
  refusalRetentionDays: retentionDays,
  refusalRetentionCount: retentionCount,
  refusalRetentionBytes: retentionBytes,
  snapshotIntervalSeconds: [0, 604_800],
  snapshotRetentionDays: retentionDays,
  snapshotRetentionCount: retentionCount,
  snapshotRetentionBytes: retentionBytes,
  stalledBytesLimit: [16 * mebibyte, 16 * gibibyte],
  maxChannelsPerTunnel: [1, 4096],
  checkpointIntervalSeconds: [60, 604_800],
  sessionSeconds: [300, 30 * 86_400],
  sessionIdleSeconds: [60, 30 * 86_400],
};

/** Throws ApplicationError `invalid-settings` with a pointer to the first setting that there is not, or that may not be so. */
export function checkSettings(changes: Partial<Settings>): void {
  for (const [name, value] of Object.entries(changes)) {
    const pointer = `/${name}`;
    if (name === 'auditMode') {
      if (value === 'strict' || value === 'available') continue;
      throw new ApplicationError('invalid-settings', 'auditMode is strict or available', { pointer });
    }
    if (booleanSettings.has(name)) {
      if (typeof value === 'boolean') continue;
      throw new ApplicationError('invalid-settings', `${name} is true or false`, { pointer });
    }
    if (operationsSettings.has(name)) {
      if (Array.isArray(value) && value.every(isDockerOperation) && new Set(value).size === value.length) continue;
      throw new ApplicationError('invalid-settings', `${name} is a list of different ones of ${dockerOperations.join(', ')}`, { pointer });
    }
    const bounds = Object.hasOwn(settingBounds, name) ? settingBounds[name as NumericSetting] : undefined;
    if (bounds === undefined) throw new ApplicationError('invalid-settings', 'there is no such setting', { pointer });
    const [min, max] = bounds;
    const isRetention = /Retention(?:Hours|Days|Count|Bytes)$/.test(name);
    if (isRetention && value === 0) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      const range = `a whole number from ${String(min)} to ${String(max)}`;
      throw new ApplicationError('invalid-settings', isRetention ? `${name} is ${range}, or 0 for no such limit` : `${name} is ${range}`, { pointer });
    }
  }
}
