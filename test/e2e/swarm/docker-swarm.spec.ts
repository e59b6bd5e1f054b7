/**
 * A real Swarm of one node behind an agent: the Docker CLI's Swarm commands through the tunnel. Services use the node's own
 * network, so that neither a bridge nor published ports have to work where the tests run.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Finished } from '../../support/child-process.ts';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { startHomeportCommand } from '../../support/homeport.ts';
import type { SnapshotContent } from '../../../services/domain/snapshot.ts';
import { createRest, signInByRest } from '../docker/support/rest.ts';
import { NAME, startDockerSite } from '../docker/support/site.ts';
import type { DockerSite } from '../docker/support/site.ts';

const FROM_THE_NODE = ['--detach', '--no-resolve-image', '--network', 'host'];

describe('docker through the tunnel to a real Swarm', function () {
  this.timeout(90_000);
  let site: DockerSite | undefined;

  before(async function () {
    site = await startDockerSite(this);
    await site.dockerd.docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377');
  });
  after(async () => {
    await site?.dockerd.docker('swarm', 'leave', '--force').catch(() => undefined);
    await site?.stop();
  });

  async function docker(...args: readonly string[]): Promise<string> {
    if (site === undefined) throw new Error('the hook failed');
    const finished: Finished = await site.docker(args);
    if (finished.code !== 0) throw new Error(`docker ${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout;
  }

  const running = (service: string): Promise<true> =>
    eventually(`${service} to run`, async () => ((await docker('service', 'ls', '--format', '{{.Name}} {{.Replicas}}')).includes(`${service} 1/1`) ? true : undefined), 30_000);

  it('lists nodes and services, and creates one', async () => {
    expect(await docker('node', 'ls', '--format', '{{.Status}} {{.ManagerStatus}}')).to.equal('Ready Leader\n');
    expect(await docker('service', 'ls', '--quiet')).to.equal('');
    await docker('service', 'create', ...FROM_THE_NODE, '--name', 'talker', IMAGE, 'sh', '-c', 'echo I talk; exec sleep 3600');
    await running('talker');
  });

  it('shows what a service logs', async () => {
    const logs = await eventually('a line', async () => (await docker('service', 'logs', '--raw', 'talker')) || undefined);
    expect(logs).to.equal('I talk\n');
  });

  it('deploys a stack from a file, and removes it', async () => {
    const file = path.join(site?.folder ?? '', 'stack.yml');
    const network = { host: { name: 'host', external: true } };
    // YAML is a superset of JSON.
    writeFileSync(file, JSON.stringify({ version: '3.8', services: { web: { image: IMAGE, command: ['sleep', '3600'], networks: ['host'] } }, networks: network }));
    expect(await docker('stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, 'shop')).to.match(/Creating service shop_web/);
    await running('shop_web');
    expect(await docker('stack', 'services', '--format', '{{.Name}}', 'shop')).to.equal('shop_web\n');
    await docker('stack', 'rm', 'shop');
    expect(await docker('stack', 'ls', '--format', '{{.Name}}')).to.equal('');
  });

  it('reaches a node’s own containers with --node, once its agent has reported the Swarm: exec and logs', async () => {
    if (site === undefined) throw new Error('the hook failed');
    const { dockerd, env, own } = site;
    const nodeId = (await docker('info', '--format', '{{.Swarm.NodeID}}')).trim();
    const container = (await dockerd.docker('ps', '--quiet', '--filter', 'name=talker')).stdout.trim();
    // An agent looks at its engine once a minute; a new one at once.
    await site.agent.stop();
    own(startHomeportCommand(['agent'], { ...site.variables, DOCKER_HOST: dockerd.dockerHost, DATA_PATH: path.join(site.folder, 'again') }));

    const run = async (...command: readonly string[]): Promise<Finished> => {
      const connected = own(startHomeportCommand(['connect', NAME, '--node', nodeId, '--', 'docker', ...command], env));
      const ending = await connected.ended;
      return { ...ending, stdout: connected.stdout(), stderr: connected.stderr() };
    };
    await eventually('the node to be known', async () => ((await run('version')).code === 0 ? true : undefined), 40_000);
    expect(await run('exec', container, 'echo', 'hello')).to.include({ code: 0, stdout: 'hello\n' });
    expect(await run('logs', container)).to.include({ code: 0, stdout: 'I talk\n' });

    const unknown = startHomeportCommand(['connect', NAME, '--node', 'nowhere', '--', 'docker', 'ps'], env);
    expect((await unknown.ended).code).to.equal(1);
    expect(unknown.stderr()).to.match(/no agent has reported a Swarm node nowhere/i);
  });

  it('is in the manager’s snapshot: its nodes and its services', async () => {
    if (site === undefined) throw new Error('the hook failed');
    const { apiKey } = await signInByRest(site.server);
    const rest = createRest(site.server, apiKey);
    const read = async (path: string): Promise<unknown> => {
      const { status, body } = await rest.call('GET', `/api/v1${path}`);
      return status === 200 ? (JSON.parse(body) as unknown) : undefined;
    };
    const { items } = (await read('/environments')) as { items: readonly { readonly id: string }[] };
    const { id = '' } = items[0] ?? {};
    // The agent that looked at its engine again was asked for one at once.
    const { snapshot } = await eventually('a snapshot of the Swarm', async () => {
      const latest = (await read(`/environments/${id}/snapshots/latest`)) as { readonly snapshot: SnapshotContent } | undefined;
      return latest !== undefined && latest.snapshot.nodes.length > 0 ? latest : undefined;
    });
    expect(snapshot.nodes).to.have.length(1);
    expect(snapshot.nodes[0]).to.include({ role: 'manager', state: 'ready', availability: 'active', leader: true });
    expect(snapshot.services.map(({ name, image, desired, running: now }) => ({ name, image, desired, now }))).to.deep.equal([{ name: 'talker', image: IMAGE, desired: 1, now: 1 }]);
    expect(snapshot.failed).not.to.have.any.keys('nodes', 'services');
  });
});
