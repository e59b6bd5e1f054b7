/** The settings: folded in memory, changed by events. */
import { decodeEvent } from '../domain/event-codec.ts';
import type { Settings } from '../domain/events.ts';
import { defaultPollRetentionHours } from '../domain/poll-retention.ts';
import { EventStoreError, type EventReader } from '../event-store/port.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { ApplicationError, type CommandContext, type OnlyIf, type SettingsAccess } from './ports.ts';

export interface StoredSettings extends SettingsAccess {
  /** Reads what was set; must come before anything else. */
  start(): Promise<void>;
  /** Called after each change with what it was before. */
  onChanged(listener: (before: Settings) => void): void;
}

/** What holds until an operator says otherwise. */
export const defaultSettings: Settings = {
  pollIntervalSeconds: 5,
  inactivityTimeoutSeconds: 300,
  keepAliveIntervalSeconds: 60,
  pollRetentionHours: defaultPollRetentionHours,
  pollRetentionBytes: 16 * 1024 * 1024 * 1024,
  snapshotIntervalSeconds: 3600,
  snapshotRetentionDays: 30,
  snapshotRetentionCount: 20_000_000,
  maskSecretsInSnapshots: true,
  publishPolls: true,
  stalledBytesLimit: 256 * 1024 * 1024,
  maxChannelsPerTunnel: 256,
  checkpointIntervalSeconds: 3600,
  sessionSeconds: 12 * 3600,
  sessionIdleSeconds: 2 * 3600,
  auditMode: 'strict',
};

type BooleanSetting = 'maskSecretsInSnapshots' | 'publishPolls';
type NumericSetting = Exclude<keyof Settings, 'auditMode' | BooleanSetting>;

const booleanSettings: ReadonlySet<string> = new Set<BooleanSetting>(['maskSecretsInSnapshots', 'publishPolls']);

/** Bounds, both inclusive. */
export const settingBounds: Readonly<Record<NumericSetting, readonly [min: number, max: number]>> = {
  pollIntervalSeconds: [1, 86_400],
  inactivityTimeoutSeconds: [5, 86_400],
  keepAliveIntervalSeconds: [5, 3600],
  pollRetentionHours: [1, 8760],
  pollRetentionBytes: [64 * 1024 * 1024, 2 ** 50],
  snapshotIntervalSeconds: [0, 604_800],
  snapshotRetentionDays: [1, 3650],
  snapshotRetentionCount: [1, 1_000_000_000],
  stalledBytesLimit: [16 * 1024 * 1024, 16 * 1024 * 1024 * 1024],
  maxChannelsPerTunnel: [1, 4096],
  checkpointIntervalSeconds: [60, 604_800],
  sessionSeconds: [300, 30 * 86_400],
  sessionIdleSeconds: [60, 30 * 86_400],
};

const stream = 'settings';

function check(changes: Partial<Settings>): void {
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
    const bounds = Object.hasOwn(settingBounds, name) ? settingBounds[name as NumericSetting] : undefined;
    if (bounds === undefined) throw new ApplicationError('invalid-settings', 'there is no such setting', { pointer });
    const [min, max] = bounds;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw new ApplicationError('invalid-settings', `${name} is a whole number from ${String(min)} to ${String(max)}`, { pointer });
    }
  }
}

/** Creates the settings over their stream. */
export function createSettings(deps: { readonly reader: EventReader; readonly log: EventLog; readonly clock: Clock }): StoredSettings {
  const { reader, log, clock } = deps;
  const listeners: ((before: Settings) => void)[] = [];
  let settings = defaultSettings;
  let revision = -1;
  let tail: Promise<unknown> = Promise.resolve();

  async function read(): Promise<void> {
    let folded = defaultSettings;
    try {
      for await (const page of reader.readStream(stream)) {
        for (const recorded of page) {
          const event = decodeEvent(recorded.type, JSON.parse(recorded.data));
          if (event?.type === 'SettingsChanged') folded = { ...folded, ...event.data.changes };
          revision = recorded.revision;
        }
      }
    } catch (error) {
      if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
    }
    settings = folded;
  }

  async function change(changes: Partial<Settings>, context: CommandContext, onlyIf: OnlyIf<Settings>): ReturnType<SettingsAccess['change']> {
    check(changes);
    for (;;) {
      if (!onlyIf(settings)) throw new ApplicationError('precondition-failed', 'somebody changed the settings meanwhile; read them again');
      const news = Object.fromEntries(Object.entries(changes).filter(([name, value]) => settings[name as keyof Settings] !== value));
      if (Object.keys(news).length === 0) return { position: undefined };
      const prepared = log.prepare([{ type: 'SettingsChanged', data: { at: instantOf(clock), changes: news } }], context);
      try {
        const appended = await log.append(stream, prepared, { expectedRevision: revision < 0 ? 'no-stream' : revision });
        const before = settings;
        revision = appended.revision;
        settings = { ...settings, ...news };
        for (const listener of listeners) listener(before);
        return { position: appended.position };
      } catch (error) {
        if (!(error instanceof EventStoreError)) throw error;
        await read();
      }
    }
  }

  return {
    start: read,
    current: () => settings,
    change(changes, context, onlyIf = () => true) {
      const mine = tail.then(() => change(changes, context, onlyIf));
      tail = mine.catch(() => undefined);
      return mine;
    },
    onChanged(listener) {
      listeners.push(listener);
    },
  };
}
