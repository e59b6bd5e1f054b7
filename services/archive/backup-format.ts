/**
 * A backup: a tar archive that can be written and read as a stream.
 *
 *     manifest.json          what it is
 *     files/…                the data directory's files, but for the log and what is made anew
 *     events/00000001.ndjson …   an export of everything, in pieces; none where the events are in an EventStoreDB
 *     end.json               last: every entry before with its size and SHA-256
 */

/** The newest format that this release reads, and the one it writes. */
export const backupFormat = 1;

export const manifestName = 'manifest.json';
export const endName = 'end.json';
export const filesFolder = 'files/';
export const eventsFolder = 'events/';

export interface BackupManifest {
  readonly homeport: 'backup';
  readonly format: number;
  /** The release that wrote it. */
  readonly release: string;
  /** RFC 3339. */
  readonly at: string;
  /** Where the installation records. */
  readonly store: 'sqlite' | 'eventstoredb';
  /** The newest position; null where there is none, or the events are elsewhere. */
  readonly head: string | null;
}

export interface BackupEntry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupEnd {
  readonly entries: readonly BackupEntry[];
}

/** Undefined for what is no manifest. */
export function parseManifest(text: string): BackupManifest | undefined {
  const value = parse(text) as Partial<BackupManifest> | undefined;
  if (value?.homeport !== 'backup' || typeof value.format !== 'number') return undefined;
  const { format, release = '', at = '', store = 'sqlite', head = null } = value;
  return { homeport: 'backup', format, release, at, store, head };
}

/** Undefined for what is no end. */
export function parseEnd(text: string): BackupEnd | undefined {
  const value = parse(text) as { readonly entries?: unknown } | undefined;
  return Array.isArray(value?.entries) ? { entries: value.entries as BackupEntry[] } : undefined;
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
