/** Reads checkpoints that were kept elsewhere: NATS messages, items or pages of REST, or events, as JSON or a JSON object a line. */
import type { SignedCheckpoint } from '../domain/checkpoint.ts';

/** A text that holds none, or holds one that is not whole. The message says where. */
export class CheckpointsUnreadable extends Error {
  override readonly name = 'CheckpointsUnreadable';
  readonly code = 'checkpoints-unreadable';
}

/** Everything in the text that is a checkpoint, in its order; other events are passed over. Throws {@link CheckpointsUnreadable}. */
export function parseCheckpoints(text: string): readonly SignedCheckpoint[] {
  const checkpoints = documents(text).flatMap(({ value, place }) => unwrapped(value).map((found) => toCheckpoint(found, place)));
  if (checkpoints.length === 0) throw new CheckpointsUnreadable('it holds no checkpoint: give what GET /api/v1/checkpoints answered, or the messages of homeport.events.checkpoints.>');
  return checkpoints;
}

/** The checkpoint in an event's data, or undefined where that is none. */
export function checkpointOf(data: unknown): SignedCheckpoint | undefined {
  return isRecord(data) && isWhole(data) ? pick(data) : undefined;
}

interface Document {
  readonly value: unknown;
  readonly place: string;
}

function documents(text: string): readonly Document[] {
  try {
    return [{ value: JSON.parse(text), place: 'the file' }];
  } catch {
    return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ value: parseLine(line, index + 1), place: `line ${String(index + 1)}` }]));
  }
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new CheckpointsUnreadable(`line ${number} is no JSON`, { cause: error });
  }
}

/** What looks like a checkpoint in a list, a page of REST, a CloudEvent or an event. */
function unwrapped(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(unwrapped);
  if (!isRecord(value)) return [];
  if (Array.isArray(value['items'])) return value['items'].flatMap(unwrapped);
  if ('signature' in value) return [value];
  return isRecord(value['data']) && 'signature' in value['data'] ? [value['data']] : [];
}

function toCheckpoint(value: Readonly<Record<string, unknown>>, place: string): SignedCheckpoint {
  if (isWhole(value)) return pick(value);
  throw new CheckpointsUnreadable(`${place} holds a checkpoint that is not whole`);
}

function isWhole(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & SignedCheckpoint {
  const texts = ['controlPlaneNode', 'position', 'chain', 'at', 'publicKey', 'signature'] as const;
  const hasTexts = texts.every((name) => typeof value[name] === 'string');
  return hasTexts && typeof value['events'] === 'number' && /^[1-9]\d{0,15}$/.test(String(value['position']));
}

function pick({ controlPlaneNode, position, events, chain, at, publicKey, signature }: SignedCheckpoint): SignedCheckpoint {
  return { controlPlaneNode, position, events, chain, at, publicKey, signature };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
