/** Stream metadata as EventStoreDB writes it: an event `$metadata` on the stream `$$<name>`, with `$`-names for what it knows. */
import type { StreamMetadata } from './port.ts';

/** The type of the event that sets a stream's metadata. */
export const metadataEventType = '$metadata';

/** The type of the event that a tombstone is. */
export const tombstoneEventType = '$streamDeleted';

/** The metadata that a soft delete writes: `$tb` is the greatest 64-bit integer, which JavaScript's numbers can't write. */
export const softDeletedMetadata = '{"$tb":9223372036854775807}';

const softDeleteTruncation = 2 ** 63;

const wireNames = {
  maxAge: '$maxAge',
  maxCount: '$maxCount',
  truncateBefore: '$tb',
  cacheControl: '$cacheControl',
  acl: '$acl',
} as const satisfies Partial<Record<keyof StreamMetadata, string>>;

/** The stream that holds a stream's metadata. */
export function metadataStreamOf(stream: string): string {
  return `$$${stream}`;
}

/** The stream whose metadata a metadata stream holds, or undefined where `stream` is no metadata stream. */
export function describedStreamOf(stream: string): string | undefined {
  return stream.startsWith('$$') ? stream.slice(2) : undefined;
}

/** The JSON text of a `$metadata` event. */
export function encodeStreamMetadata(metadata: StreamMetadata): string {
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) {
    wire[(wireNames as Record<string, string>)[name] ?? name] = value;
  }
  return JSON.stringify(wire);
}

/** Reads the JSON text of a `$metadata` event. Text that is no JSON object, or a bound that is no whole number, counts as unset. */
export function decodeStreamMetadata(text: string): StreamMetadata {
  const wire = parseObject(text);
  const metadata: Record<string, unknown> = {};
  const portNames = new Map<string, string>(Object.entries(wireNames).map(([port, onWire]) => [onWire, port]));
  for (const [name, value] of Object.entries(wire)) {
    const portName = portNames.get(name);
    if (portName === undefined) metadata[name] = value;
    else if (portName === 'acl' || isBound(value)) metadata[portName] = value;
  }
  return metadata;
}

/** Whether this metadata says that the stream is soft-deleted. */
export function isSoftDeleted(metadata: StreamMetadata): boolean {
  return (metadata.truncateBefore ?? 0) >= softDeleteTruncation;
}

/** The metadata text of a soft-deleted stream that lives again from `revision` on; all else in it is kept. */
export function undeletedMetadata(text: string, revision: number): string {
  return JSON.stringify({ ...parseObject(text), [wireNames.truncateBefore]: revision });
}

function isBound(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
