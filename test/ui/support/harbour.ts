/** An installation as it looks after some weeks: a real engine behind a real agent, a fleet of others, people of each role, and calls on record. */
import type { Context } from 'mocha';
import { startFleet, type Fleet } from '../../../agent/fleet/fleet.ts';
import { createRest, signInByRest, type Rest } from '../../e2e/docker/support/rest.ts';
import { NAME, startDockerSite, type DockerSite, type SiteOptions } from '../../e2e/docker/support/site.ts';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { addressesHere, adminOf, AUDITOR, type Person } from './people.ts';

export interface Harbour {
  readonly site: DockerSite;
  /** As the admin. */
  readonly rest: Rest;
  readonly admin: Person;
  /** The environment with the real engine. */
  readonly environment: { readonly id: string; readonly name: string };
  stop(): Promise<void>;
}

const SITES = [
  ['bakery-lyon', ['shop', 'fr']],
  ['bakery-nantes', ['shop', 'fr']],
  ['depot-gdansk', ['depot', 'pl']],
  ['ferry-aurora', ['ship']],
  ['ferry-borealis', ['ship']],
  ['plant-cork', ['plant', 'ie']],
  ['plant-kiruna', ['plant', 'se']],
  ['turbine-07', ['wind', 'dk']],
] as const;
/** Whose agents never came. */
const WITHOUT_AGENT = ['ferry-borealis', 'turbine-07'];

/** Starts it in a `before` hook whose `this` is given; takes some seconds. */
export async function startHarbour(hook: Context, options?: SiteOptions): Promise<Harbour> {
  const site = await startDockerSite(hook, options);
  let fleet: Fleet | undefined;
  const stop = async (): Promise<void> => {
    await fleet?.stop();
    await site.stop();
  };
  try {
    await startContainers(site);
    const { server } = site;
    const rest = createRest(server, (await signInByRest(server)).apiKey);
    const made = await Promise.all(SITES.map(([name, tags]) => create(rest, { name, tags, ...addressesHere(server) })));
    const agents = made.filter(({ name }) => !WITHOUT_AGENT.includes(name)).map(({ name, issuedEdgeId, joinToken }) => ({ name, edgeId: issuedEdgeId, joinToken, bringsSnapshots: true }));
    fleet = await startFleet({ agents, trust: { kind: 'binding' }, joinMs: 0 });
    await ask(rest, 'POST', '/api/v1/users', AUDITOR);
    await ask(rest, 'POST', '/api/v1/users', { username: 'olaf', password: 'a lighthouse keeper 1907', role: 'operator' });
    const environment = await environmentOf(rest);
    await ask(rest, 'POST', '/api/v1/checkpoints');
    // The first snapshot was taken before there were containers.
    await ask(rest, 'POST', `/api/v1/environments/${environment.id}/snapshots`);
    await eventually('a snapshot with the containers', async () => ((await ask<{ total: number }>(rest, 'GET', '/api/v1/containers?name=talker')).total > 0 ? true : undefined));
    return { site, rest, admin: adminOf(server), environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A shop of two services and a lonely container; `talker` says a line a second. */
async function startContainers({ dockerd: { docker } }: DockerSite): Promise<void> {
  const run = (name: string, labels: readonly string[], ...command: readonly string[]): Promise<unknown> => docker('run', '--detach', '--network', 'none', '--name', name, ...labels.flatMap((label) => ['--label', label]), IMAGE, ...command);
  const compose = (service: string): readonly string[] => ['com.docker.compose.project=shop', `com.docker.compose.service=${service}`];
  await Promise.all([
    run('talker', [], 'sh', '-c', 'n=0; while true; do n=$((n + 1)); echo "line $n of the talker"; sleep 1 || exit; done'),
    run('shop_web_1', compose('web'), 'sleep', '1d'),
    run('shop_db_1', compose('db'), 'sleep', '1d'),
    docker('volume', 'create', 'shop_data'),
  ]);
}

/** The one that the site's agent is of. */
async function environmentOf(rest: Rest): Promise<Harbour['environment']> {
  const { items } = await ask<{ items: Harbour['environment'][] }>(rest, 'GET', `/api/v1/environments?search=${NAME}`);
  const [found] = items;
  if (found === undefined) throw new Error(`there is no environment ${NAME}`);
  return found;
}

interface Created {
  readonly id: string;
  readonly name: string;
  readonly issuedEdgeId: string;
  readonly joinToken: string;
}

function create(rest: Rest, body: object): Promise<Created> {
  return ask<Created>(rest, 'POST', '/api/v1/environments', body);
}

/** Asks, and throws where it was refused. */
export async function ask<Answer>(rest: Rest, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await rest.call(method, path, { body });
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  return (answer.body === '' ? undefined : JSON.parse(answer.body)) as Answer;
}
