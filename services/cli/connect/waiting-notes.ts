/** Tells whoever waits for a tunnel what the server knows already of why it does not come. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../rest/environments.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { troublesOf } from '../rest/troubles.ts';

/** A tunnel's state as REST tells it. */
export interface TunnelState {
  readonly state: string;
  readonly since: string | null;
  readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: string } | null;
}

/** After so long a wait is noticed, and after so long what is known is looked at again; in milliseconds. */
const FIRST_MS = 2500;
const AGAIN_MS = 5000;

/**
 * Says by `say`, each thing once, until the signal aborts; it never throws. `query` names the Swarm node, where one was asked for.
 */
export async function sayWhyItTakesLong(options: {
  readonly client: Pick<RestClient, 'call'>;
  readonly environmentId: string;
  readonly query: { readonly node: string | undefined };
  readonly say: (note: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, environmentId, query, say, signal } = options;
  const path = `/environments/${environmentId}`;
  let said = '';
  try {
    for (let waitMs = FIRST_MS; ; waitMs = AGAIN_MS) {
      await sleep(waitMs, undefined, { signal });
      const environment = (await client.call('GET', path, { signal })).body as Environment;
      const tunnel = (await client.call('GET', `${path}/connection`, { query, signal })).body as TunnelState;
      const note = whyNoTunnel(environment, tunnel);
      if (note !== said && tunnel.state !== 'open') say(note);
      said = note;
    }
  } catch {
    // Whoever waits hears of trouble with the server by the wait itself.
  }
}

/** The likeliest reason, in words. */
export function whyNoTunnel(environment: Environment, tunnel: TunnelState): string {
  const { polls, refused } = troublesOf(environment);
  const { heartbeat, name } = environment;
  if (refused !== null) return `an agent of ${name} was refused and none was let in since: ${refused}`;
  if (heartbeat.lastPolledAt === null) return `the agent of ${name} has never polled`;
  if (polls !== null) return `the agent of ${name} has not polled since ${heartbeat.lastPolledAt}`;
  if (tunnel.lastFailure !== null) return `the agent of ${name} could not open a tunnel: ${tunnel.lastFailure.detail} (${tunnel.lastFailure.reason}, ${tunnel.lastFailure.at})`;
  if (tunnel.state === 'opening') return `the agent of ${name} was told to open a tunnel at ${tunnel.since ?? 'some time'} and has not answered: it may hang or be paused, or its link is slow`;
  return `the agent of ${name} was not told yet: it polled at ${heartbeat.lastPolledAt}, and is told with its next poll`;
}
