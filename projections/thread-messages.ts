/** What the threads of the read models say to each other. Everything is plain data. */
import type { Position, ReaderDescription } from '../services/event-store/port.ts';
import type { CollectedChanges } from './changes/change-collector.ts';

/** What a projector thread starts with. */
export interface ProjectorData {
  readonly file: string;
  readonly reader: ReaderDescription;
  readonly pollFoldMs: number;
  /** Delete what is in the file and begin anew. */
  readonly isAnew: boolean;
  /** As with {@link ProjectorRequest}. */
  readonly watchedPolls: readonly string[];
}

/** From a projector thread. */
export type ProjectorNews =
  /**
   * The file can be queried; `discarded` says why an older one had to go, where one had. `isNew` asks whoever has it open to open it again,
   * `isOutdated` that it is built anew.
   */
  | { readonly kind: 'opened'; readonly position: Position | undefined; readonly isNew: boolean; readonly discarded: string | undefined; readonly isOutdated: boolean }
  /** `events` is how many the file has seen, `collected` what changed since the last news of this kind. */
  | { readonly kind: 'applied'; readonly position: Position | undefined; readonly isCaughtUp: boolean; readonly events: number; readonly collected: CollectedChanges }
  /** The last word of a thread that stops on an error. */
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string | undefined; readonly isCorrupt: boolean };

/** To a projector thread. */
export type ProjectorRequest =
  /** Commit what was taken, and end. */
  | { readonly kind: 'close' }
  /** Polls of these environments are changes worth telling, and those of no other. */
  | { readonly kind: 'watch-polls'; readonly environmentIds: readonly string[] };

export type QueryRequest =
  | { readonly kind: 'query'; readonly id: number; readonly name: string; readonly input: unknown }
  /** Close the file, and confirm by `released`; the next query opens it anew. */
  | { readonly kind: 'release' }
  | { readonly kind: 'close' };

export type QueryAnswer =
  /** The output as JSON text: parsing is cheaper for the receiver than structured cloning. */
  | { readonly kind: 'answer'; readonly id: number; readonly json: string }
  | { readonly kind: 'error'; readonly id: number; readonly message: string; readonly isCorrupt: boolean }
  | { readonly kind: 'released' };
