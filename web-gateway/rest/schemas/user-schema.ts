/** JSON schemas of users, and of what they are granted. */
import { exactly, identifier, instant, nullableInstant } from './json-schema.ts';

export const roleSchema = { type: 'string', enum: ['admin', 'operator', 'auditor', 'metrics'] } as const;

export const grantsSchema = {
  type: 'array',
  maxItems: 100,
  description: 'For operators: what they may do with environments that have a tag. The tag * stands for every environment; without grants they reach none.',
  items: exactly(
    {
      tag: { type: 'string', minLength: 1, maxLength: 200 },
      access: { type: 'string', enum: ['read', 'full'], description: 'read looks at them and at their engines; full changes what is there too.' },
    },
    ['tag', 'access'],
  ),
} as const;

export const userSchema = {
  type: 'object',
  required: ['id', 'username', 'role', 'grants'],
  properties: {
    id: identifier,
    username: { type: 'string' },
    role: roleSchema,
    grants: grantsSchema,
    createdAt: instant,
    passwordChangedAt: instant,
    signsInBy: { type: 'string', enum: ['password', 'openid-connect'] },
    lastSignedInAt: { ...nullableInstant, description: 'At most a month back; with asOf however long ago it was.' },
    apiKeys: {
      type: 'array',
      description: 'With asOf alone: those that were good then.',
      items: { type: 'object', properties: { id: identifier, name: { type: 'string' }, role: roleSchema, createdAt: instant, expiresAt: nullableInstant } },
    },
  },
} as const;

const username = { type: 'string', minLength: 1, maxLength: 200, description: '1 to 64 of a to z, digits, dots, dashes, underscores and @. Case does not count.' } as const;
const password = { type: 'string', minLength: 1, maxLength: 2048, description: 'At least 12 characters.' } as const;

export const newUserSchema = exactly({ username, password, role: roleSchema, grants: grantsSchema }, ['username', 'password', 'role'], { username: 'kim', password: 'correct horse battery staple', role: 'operator', grants: [{ tag: 'eu', access: 'full' }] });

export const userChangesSchema = exactly(
  {
    role: roleSchema,
    grants: grantsSchema,
    password,
    currentPassword: { type: 'string', minLength: 1, maxLength: 2048, description: 'Needed for one’s own password.' },
  },
  [],
  { role: 'operator', grants: [{ tag: 'eu', access: 'read' }] },
);
