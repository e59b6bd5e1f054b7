/**
 * The golden files of events: one for each type and version, test/domain/golden/<Type>.v<N>.json. Run by itself
 * (`node test/domain/golden-events.ts`) it writes those that are missing, and touches no other.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { schemaVersions } from '../../services/domain/event-codec.ts';
import { declaredShapes, sampleOf, type Shape } from './event-shapes.ts';

/** What a release of that version stored. */
export interface GoldenEvent {
  readonly type: string;
  readonly version: number;
  readonly shape: Shape;
  readonly data: unknown;
  /** The same as the next version has it; of all but the newest. */
  readonly lifted?: unknown;
}

const FOLDER = new URL('golden/', import.meta.url);

/** Files that there are, by name. */
export function goldenEvents(): ReadonlyMap<string, GoldenEvent> {
  const names = readdirSync(FOLDER).toSorted();
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as GoldenEvent]));
}

/** Files that there must be. */
export function expectedNames(): readonly string[] {
  return Object.entries(schemaVersions)
    .flatMap(([type, newest]) => Array.from({ length: newest }, (_none, index) => goldenName(type, index + 1)))
    .toSorted();
}

export function goldenName(type: string, version: number): string {
  return `${type}.v${String(version)}.json`;
}

function writeMissing(): void {
  const there = new Set(readdirSync(FOLDER));
  for (const [type, shape] of declaredShapes()) {
    const newest = (schemaVersions as Readonly<Record<string, number>>)[type] ?? 1;
    for (let version = 1; version <= newest; version++) {
      const name = goldenName(type, version);
      if (there.has(name)) continue;
      if (version < newest) throw new Error(`${name} is missing, and the shape of that version is declared no more: take the file from the history, and add what it is lifted to`);
      const golden: GoldenEvent = { type, version, shape, data: sampleOf(shape) };
      writeFileSync(new URL(name, FOLDER), `${JSON.stringify(golden, null, 2)}\n`);
      process.stdout.write(`${name}\n`);
    }
  }
}

if (import.meta.main) writeMissing();
