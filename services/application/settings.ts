/** The settings: folded in memory, changed by events. */
import { isDeepStrictEqual } from 'node:util';
import { decodeEvent } from '../domain/event-codec.ts';
import type { Settings } from '../domain/events.ts';
import { EventStoreError, type EventReader } from '../event-store/port.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { createInTurn } from './in-turn.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { OnlyIf } from './ports/environments.ts';
import type { SettingsAccess } from './ports/settings.ts';
import { checkSettings, defaultSettings } from './setting-rules.ts';

export interface StoredSettings extends SettingsAccess {
  /** Reads what was set; must come before anything else. */
  start(): Promise<void>;
  /** Called after each change with what it was before. */
  onChanged(listener: (before: Settings) => void): void;
}

const stream = 'settings';

/** Creates the settings over their stream. */
export function createSettings(deps: { readonly reader: EventReader; readonly log: EventLog; readonly clock: Clock }): StoredSettings {
  const { reader, log, clock } = deps;
  const listeners: ((before: Settings) => void)[] = [];
  let settings = defaultSettings;
  let revision = -1;
  const inTurn = createInTurn();

  async function read(): Promise<void> {
    let folded = defaultSettings;
    try {
      for await (const page of reader.readStream(stream)) {
        for (const recorded of page) {
          const event = decodeEvent(recorded);
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
    checkSettings(changes);
    for (;;) {
      if (!onlyIf(settings)) throw new ApplicationError('precondition-failed', 'somebody changed the settings meanwhile; read them again');
      const news = Object.fromEntries(Object.entries(changes).filter(([name, value]) => !isDeepStrictEqual(settings[name as keyof Settings], value)));
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
    change: (changes, context, onlyIf = () => true) => inTurn(() => change(changes, context, onlyIf)),
    onChanged(listener) {
      listeners.push(listener);
    },
  };
}
