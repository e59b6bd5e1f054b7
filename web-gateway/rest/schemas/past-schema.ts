/** JSON schemas of what answers about the past say of themselves. */
import { instant, sometimes } from './json-schema.ts';

/** Properties of an answer; those about now have neither. */
export const ofThePast = {
  asOf: sometimes({ ...instant, description: 'With asOf alone: the instant that is told of.' }),
  approximate: sometimes({
    type: 'array',
    items: { type: 'string' },
    description: 'With asOf alone: the fields that may be older than they were, because polls or snapshots of then are gone. Empty where all is exact.',
    examples: [['heartbeat.lastPolledAt', 'agents.lastPolledAt']],
  }),
} as const;
