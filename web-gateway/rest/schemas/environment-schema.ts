/** JSON schemas of environments and tunnels. */
import { ofThePast } from './past-schema.ts';
import { instant, nullableInstant, nullableText, identifier } from './json-schema.ts';
import { snapshotFailureSchema, snapshotSummarySchema } from './snapshot-schema.ts';

export const tunnelSchema = {
  type: 'object',
  properties: {
    state: { type: 'string', enum: ['closed', 'required', 'opening', 'open'] },
    since: nullableInstant,
    openedAt: nullableInstant,
    lastUsedAt: nullableInstant,
    node: { ...nullableText, description: 'The Swarm node asked for; null is the environment’s own tunnel.' },
    asOf: ofThePast.asOf,
    lastFailure: {
      type: ['object', 'null'],
      properties: { reason: { type: 'string' }, detail: { type: 'string' }, at: instant },
    },
  },
} as const;

export const environmentProperties = {
  id: identifier,
  name: { type: 'string' },
  status: { type: 'string', enum: ['unassociated', 'never', 'up', 'down', 'duplicate'] },
  address: { type: 'string', description: 'host:port that agents call.' },
  tunnelAddress: { type: 'string', description: 'host:port of the tunnel port.' },
  issuedEdgeId: { type: 'string', description: 'The Edge ID made with the environment.' },
  edgeId: { ...nullableText, description: 'The Edge ID associated.' },
  barredEdgeIds: { type: 'array', items: { type: 'string' }, description: 'Edge IDs that were disassociated and not allowed again.' },
  tags: { type: 'array', items: { type: 'string' } },
  platform: nullableText,
  createdAt: instant,
  association: {
    type: 'object',
    properties: {
      state: { type: 'string', enum: ['unassociated', 'associated'] },
      at: nullableInstant,
      addresses: { type: 'array', items: { type: 'string' }, description: 'Of its agents, and of those refused as duplicates.' },
      duplicates: {
        type: 'array',
        description: 'Agents refused because another one with the same identity was kept.',
        items: { type: 'object', properties: { node: { type: 'string' }, address: { type: 'string' }, at: instant } },
      },
      lastRejected: {
        type: ['object', 'null'],
        properties: { reason: { type: 'string' }, address: { type: 'string' }, at: instant },
      },
    },
  },
  heartbeat: {
    type: 'object',
    properties: {
      state: { type: 'string', enum: ['never', 'up', 'down'] },
      lastPolledAt: nullableInstant,
      intervalSeconds: { type: 'integer' },
      lastFailure: {
        type: ['object', 'null'],
        description: 'heartbeat-lost, or why its agent’s polls are refused while it is not up.',
        properties: { reason: { type: 'string' }, at: instant },
      },
    },
  },
  pollIntervalSeconds: { type: ['integer', 'null'], description: 'Null follows the settings.' },
  agents: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        node: { type: 'string' },
        version: { type: 'string' },
        engine: { type: ['object', 'null'], properties: { name: { type: 'string' }, version: { type: 'string' } } },
        address: { type: 'string' },
        lastPolledAt: nullableInstant,
        addressFailure: {
          type: ['object', 'null'],
          description: 'The new address that the agent was told and can’t use, so that it stays where it is.',
          properties: { address: { type: 'string' }, port: { type: 'string', enum: ['api', 'tunnel'] }, reason: { type: 'string' }, detail: { type: 'string' }, at: instant },
        },
      },
    },
  },
  tunnel: tunnelSchema,
  tunnels: { type: 'array', items: tunnelSchema, description: 'One for each Swarm node asked for.' },
  snapshot: {
    type: ['object', 'null'],
    description: 'All its nodes together; null where none was ever due.',
    properties: { takenAt: nullableInstant, summary: snapshotSummarySchema, lastFailure: snapshotFailureSchema },
  },
  ...ofThePast,
} as const;

export const environmentSchema = { type: 'object', properties: environmentProperties } as const;

export const addressHintsSchema = {
  type: 'array',
  description: 'What may keep agents from the address.',
  items: { type: 'object', properties: { code: { type: 'string', enum: ['does-not-resolve', 'private-address', 'both-ports'] }, detail: { type: 'string' } } },
} as const;

export const createdEnvironmentSchema = {
  type: 'object',
  required: ['id', 'issuedEdgeId', 'joinToken'],
  properties: { ...environmentProperties, joinToken: { type: 'string', description: 'EDGE_KEY.' }, addressHints: addressHintsSchema },
} as const;

const inputs = {
  address: { type: 'string', maxLength: 300, description: 'host:port that agents call.' },
  tunnelAddress: { type: 'string', maxLength: 300 },
  pollIntervalSeconds: { type: ['integer', 'null'], minimum: 1, maximum: 86_400 },
  allowLoopback: { type: 'boolean', description: 'Let the address be this machine’s own, which nobody else can call.' },
} as const;
const name = { type: 'string', maxLength: 200, description: '1 to 64 letters, digits, blanks, dots, dashes and underscores; begins with a letter or digit.' } as const;
const tags = { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 200 }, description: 'Up to 32, of 1 to 64 characters, without commas.' } as const;

export const newEnvironmentSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name, tags, ...inputs, requireIssuedEdgeId: { type: 'boolean' } },
  examples: [{ name: 'factory', address: 'homeport.example.com:9443', tags: ['eu', 'line-1'] }],
} as const;

export const environmentChangesSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { name, tags, ...inputs },
  examples: [{ tags: ['eu', 'line-2'], pollIntervalSeconds: 30 }],
} as const;
