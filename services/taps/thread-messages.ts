/** What the tap's thread and the thread that started it say to each other. Everything is plain data. */
import type { ReaderDescription } from '../event-store/port.ts';
import type { NatsSettings } from './nats-connection.ts';
import type { TapCheckpoint, TapNews } from './tap.ts';

/** What the thread starts with. */
export interface TapData {
  readonly reader: ReaderDescription;
  readonly nats: NatsSettings;
  readonly source: string;
  readonly includesPolls: boolean;
  readonly checkpoint: TapCheckpoint | undefined;
}

/** From the thread. */
export type TapThreadNews = TapNews | { readonly kind: 'failed'; readonly message: string; readonly stack: string | undefined };

/** To the thread: end. */
export interface TapFarewell {
  readonly kind: 'close';
}
