/** JSON schemas of what is said about snapshots. */
import { instant } from './json-schema.ts';

const count = { type: 'integer' } as const;

export const snapshotSummarySchema = {
  type: ['object', 'null'],
  properties: {
    stacks: { ...count, description: 'Compose projects and Swarm stacks.' },
    services: count,
    containers: { type: 'object', properties: { total: count, running: count, stopped: count, healthy: count, unhealthy: count } },
    volumes: count,
    images: count,
    cpus: count,
    memoryBytes: count,
  },
} as const;

export const snapshotFailureSchema = {
  type: ['object', 'null'],
  properties: { reason: { type: 'string' }, detail: { type: 'string' }, at: instant },
} as const;
