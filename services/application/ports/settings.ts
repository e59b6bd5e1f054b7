/** The installation’s settings. */
import type { Settings } from '../../domain/events.ts';
import type { Position } from '../../event-store/port.ts';
import type { CommandContext } from './command-context.ts';
import type { OnlyIf } from './environments.ts';

export interface SettingsAccess {
  current(): Settings;
  /** Throws invalid-settings with a pointer, and precondition-failed. */
  change(changes: Partial<Settings>, context: CommandContext, onlyIf?: OnlyIf<Settings>): Promise<{ readonly position: Position | undefined }>;
}
