/** Why an agent was turned away, in words for people, and what helps. */

interface RefusalWords {
  readonly what: string;
  readonly help: string;
}

const WORDS: Readonly<Record<string, RefusalWords>> = {
  'malformed-token': { what: 'Its join token is broken or cut off', help: 'Copy the command, or the token, again and whole.' },
  'malformed-edge-id': { what: 'Its Edge ID is no UUID', help: 'Copy the Edge ID (EDGE_ID) again.' },
  'unknown-environment': { what: 'Its join token names an environment that is not here', help: 'Was the token made by another server, or copied in part? Copy it again.' },
  'environment-removed': { what: 'Its environment was removed', help: 'Use the command of an environment that is there.' },
  'wrong-join-secret': { what: 'Its join token’s secret is not this environment’s', help: 'Copy the command again, whole.' },
  'token-rotated': { what: 'Its join token was rotated, and is no longer good', help: 'Run the command again: it has the new token.' },
  'edge-id-mismatch': { what: 'It brings another Edge ID than the one that belongs here', help: 'Use the Edge ID of this environment, or disassociate the agent that has it.' },
  'edge-id-barred': { what: 'Its Edge ID was disassociated', help: 'Use the Edge ID that is issued now, or allow the former one again.' },
  'duplicate-agent': { what: 'Another agent with the same identity is connected', help: 'Is it a copied disk? Make an environment for each machine.' },
  'version-too-old': { what: 'Its version is too old for this server', help: 'Run the command again: it fetches the agent that belongs to this server.' },
  'too-many-attempts': { what: 'Too many failed attempts came from its address', help: 'Mend what failed, and wait a minute.' },
  'too-many-connections': { what: 'It holds too many connections', help: 'Is the agent started more than once?' },
  'polling-too-fast': { what: 'It polls faster than it may', help: 'Is the agent started more than once?' },
  'unknown-credentials': { what: 'Its tunnel credentials are not known', help: 'The agent asks for others by itself.' },
  'credentials-used': { what: 'Its tunnel credentials were used before', help: 'The agent asks for others by itself.' },
  'credentials-expired': { what: 'Its tunnel credentials came too late', help: 'The agent asks for others by itself. Is its link slow, or port 8000 blocked?' },
  'credentials-revoked': { what: 'Its tunnel credentials were revoked', help: 'The agent asks for others by itself.' },
  'wrong-secret': { what: 'Its tunnel credentials do not prove what they should', help: 'The agent asks for others by itself.' },
  'wrong-environment': { what: 'Its tunnel credentials are another environment’s', help: 'The agent asks for others by itself.' },
  'malformed-credentials': { what: 'Its tunnel credentials are broken', help: 'Does something on the way change what is sent?' },
};

/** A reason that is not known is shown as it is. */
export function refusalWords(reason: string): RefusalWords {
  return WORDS[reason] ?? { what: reason, help: '' };
}
