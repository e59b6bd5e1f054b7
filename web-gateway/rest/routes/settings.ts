/** The installation's settings. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { dockerOperations } from '../../../services/domain/docker-operation.ts';
import type { Settings } from '../../../services/domain/events.ts';
import { entityTag, onlyIfMatch } from '../entity-tag.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { settle } from '../read-your-writes.ts';
import { contextOf } from '../route-config.ts';
import { exactly, ifMatch } from '../schemas/json-schema.ts';

const operations = { type: 'array', items: { type: 'string', enum: [...dockerOperations] } };
const unlimited = '0 is without this limit.';

/** Their bounds are the application's: it answers invalid-settings with a pointer. */
const properties: Readonly<Record<keyof Settings, object>> = {
  pollIntervalSeconds: { type: 'integer' },
  inactivityTimeoutSeconds: { type: 'integer' },
  keepAliveIntervalSeconds: { type: 'integer' },
  pollRetentionHours: { type: 'integer', description: `How long polls are kept. ${unlimited}` },
  pollRetentionCount: { type: 'integer', description: `How many polls are kept. ${unlimited}` },
  pollRetentionBytes: { type: 'integer', description: `What polls may take of the embedded store’s file. ${unlimited}` },
  activityRetentionDays: { type: 'integer', description: `How long the record of calls and streams is kept. ${unlimited}` },
  activityRetentionCount: { type: 'integer', description: `How many events of it are kept. ${unlimited}` },
  activityRetentionBytes: { type: 'integer', description: `What it may take of the embedded store’s file. ${unlimited}` },
  refusalRetentionDays: { type: 'integer', description: `How long the record of refused agents is kept. ${unlimited}` },
  refusalRetentionCount: { type: 'integer', description: `How many events of it are kept. ${unlimited}` },
  refusalRetentionBytes: { type: 'integer', description: `What it may take of the embedded store’s file. ${unlimited}` },
  snapshotIntervalSeconds: { type: 'integer', description: '0 is off.' },
  snapshotRetentionDays: { type: 'integer', description: `How long snapshots are kept. ${unlimited}` },
  snapshotRetentionCount: { type: 'integer', description: `How many events of snapshots are kept, of all environments together. ${unlimited}` },
  snapshotRetentionBytes: { type: 'integer', description: `What snapshots may take of the embedded store’s file. ${unlimited}` },
  maskSecretsInSnapshots: { type: 'boolean', description: 'Masks values of environment variables and labels that look like secrets.' },
  publishPolls: { type: 'boolean', description: 'Publishes polls to NATS too, where a tap runs.' },
  stalledBytesLimit: { type: 'integer', description: 'Bytes that channels nobody reads may hold, per process.' },
  maxChannelsPerTunnel: { type: 'integer' },
  checkpointIntervalSeconds: { type: 'integer', description: 'How often a checkpoint of the record is signed.' },
  sessionSeconds: { type: 'integer', description: 'How long a session lasts at most, from the next sign-in on.' },
  sessionIdleSeconds: { type: 'integer', description: 'How long a session lasts without use.' },
  operatorDeniedOperations: { ...operations, description: 'What the Docker proxy refuses to whoever is here as operator.' },
  adminDeniedOperations: { ...operations, description: 'What it refuses to whoever is here as admin.' },
  auditMode: { type: 'string', enum: ['strict', 'available'], description: 'strict refuses calls that may change something while they can’t be recorded.' },
};
const settingsSchema = { type: 'object', properties };

export function registerSettings(app: FastifyInstance, { settings, projections }: RestDependencies): void {
  function tagged(reply: FastifyReply): Settings {
    const current = settings.current();
    reply.header('etag', entityTag(current));
    return current;
  }

  app.get('/settings', { config: { access: 'auditor' }, schema: { summary: 'Read the settings', response: { 200: settingsSchema } } }, (_request, reply) =>
    Promise.resolve(tagged(reply)),
  );

  app.patch<{ Body: Partial<Settings> }>(
    '/settings',
    { config: { access: 'admin' }, schema: { summary: 'Change settings', headers: ifMatch, body: exactly(properties, [], { pollIntervalSeconds: 10 }), response: { 200: settingsSchema } } },
    async (request, reply) => {
      const { position } = await settings.change(request.body, contextOf(request), onlyIfMatch(request, (current: Settings) => current));
      await settle(projections, position, reply);
      return tagged(reply);
    },
  );
}
