/** The commands that `homeport env deploy` prints, run as they are: an image and a service that come from the control plane alone. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { runProcess, startProcess } from '../../support/child-process.ts';
import type { Finished } from '../../support/child-process.ts';
import { startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { startHomeport } from '../../support/homeport.ts';
import type { HomeportServer } from '../../support/homeport.ts';
import { requireRealParts } from '../../support/real-parts.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { untilUp } from '../../support/until-status.ts';

describe('the printed commands', function () {
  this.timeout(120_000);
  let dockerd: Dockerd;
  let server: HomeportServer;
  let folder: TemporaryFolder;

  before(async function () {
    requireRealParts(this, 'curl', 'docker-compose');
    folder = createTemporaryFolder();
    dockerd = await startDockerd(this);
    server = await startHomeport();
    await server.signIn();
  });
  after(async () => {
    await server.remove();
    await dockerd.stop();
    folder.remove();
  });

  /** Creates an environment, and gives the command for a platform. */
  async function commandFor(name: string, platform: string): Promise<string> {
    const address = ['--address', `localhost:${server.httpsPort}`, '--tunnel-address', `localhost:${server.tunnelPort}`, '--allow-loopback'];
    await succeeding(server.homeport('env', 'create', name, ...address));
    return (await succeeding(server.homeport('env', 'deploy', name, '--platform', platform))).stdout;
  }

  /** What finds out why an agent that was started so does not arrive. */
  async function doctorFor(name: string, platform: string): Promise<string> {
    const { stdout } = await succeeding(server.homeport('env', 'deploy', name, '--json'));
    return (JSON.parse(stdout) as { readonly doctor: Readonly<Record<string, string>> }).doctor[platform] ?? '';
  }

  afterEach(async () => {
    // Whatever brought the agent there: the next one has the same name.
    const containers = (await dockerd.docker('ps', '--all', '--quiet')).stdout.split('\n').filter((id) => id !== '');
    if (containers.length > 0) await dockerd.docker('rm', '--force', '--volumes', ...containers);
  });

  /** This engine has a socket of its own; the rest of the command stays as it is. */
  const forThisEngine = (command: string): string => command.replace(/(--volume |source=|- )\/var\/run\/docker\.sock(?=[:,])/, `$1${dockerd.socket}`);

  const paste = (command: string): Promise<Finished> => succeeding(runProcess('sh', ['-c', forThisEngine(command)], { env: { DOCKER_HOST: dockerd.dockerHost } }));

  /** What of a container's rights there is to know. */
  async function rightsOf(name: string): Promise<unknown> {
    return JSON.parse((await dockerd.docker('inspect', '--format', '{{json .HostConfig}}', name)).stdout);
  }

  it('standalone brings an agent up that may do nothing but use the engine’s socket', async () => {
    await paste(await commandFor('factory', 'standalone'));
    await untilUp(server, 'factory');
    const { stdout } = await succeeding(server.homeport('connect', 'factory', '--', 'docker', 'ps', '--format', '{{.Names}}'));
    expect(stdout).to.equal('homeport-agent\n');
    await paste(await doctorFor('factory', 'standalone'));
    expect(await rightsOf('homeport-agent')).to.deep.include({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null, Privileged: false, SecurityOpt: ['no-new-privileges'], RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
  });

  it('compose brings it up with the same rights, by whichever Compose is there', async () => {
    await paste(await commandFor('composed', 'compose'));
    await untilUp(server, 'composed');
    expect(await rightsOf('homeport-agent')).to.deep.include({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null, Privileged: false, SecurityOpt: ['no-new-privileges:true'], RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
    expect((await dockerd.docker('volume', 'ls', '--format', '{{.Name}}')).stdout).to.contain('homeport-agent-data');
    // Pasted again, as with a new token, it is the same service.
    await paste(await commandFor('composed anew', 'compose'));
    await untilUp(server, 'composed anew');
    expect((await dockerd.docker('ps', '--quiet')).stdout.trim().split('\n')).to.have.length(1);
  });

  it('swarm brings one up on each node, and leads to the Swarm it is on', async () => {
    await dockerd.docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:0');
    try {
      await paste(await commandFor('cluster', 'swarm'));
      await untilUp(server, 'cluster');
      const { stdout } = await succeeding(server.homeport('connect', 'cluster', '--', 'docker', 'service', 'ls', '--format', '{{.Name}} {{.Mode}} {{.Replicas}}'));
      expect(stdout).to.equal('homeport-agent global 1/1\n');
      await paste(await doctorFor('cluster', 'swarm'));
      const [container = ''] = (await dockerd.docker('ps', '--quiet')).stdout.split('\n');
      expect(await rightsOf(container)).to.deep.include({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null, Privileged: false });
    } finally {
      await dockerd.docker('swarm', 'leave', '--force');
    }
  });

  it('standalone runs nothing that comes from a server with another key', async () => {
    const command = (await commandFor('impostor', 'standalone')).replace(/sha256\/\/[^ ']+/, `sha256//${Buffer.alloc(32).toString('base64')}`);
    const { code, stderr } = await runProcess('sh', ['-c', forThisEngine(command).replace('--name homeport-agent', '--name impostor')], { env: { DOCKER_HOST: dockerd.dockerHost } });
    expect(code).not.to.equal(0);
    expect(stderr).to.match(/curl: \(90\)/);
    expect((await dockerd.docker('ps', '--all', '--filter', 'name=impostor', '--quiet')).stdout).to.equal('');
  });

  it('systemd installs an agent that runs on nothing of the machine’s own', async () => {
    const root = path.join(folder.path, 'root');
    const programs = path.join(folder.path, 'programs');
    mkdirSync(programs);
    writeFileSync(path.join(programs, 'systemctl'), `#!/bin/sh\necho "$@" >>${folder.path}/systemctl\n`);
    chmodSync(path.join(programs, 'systemctl'), 0o755);
    const command = (await commandFor('plant', 'systemd')).replace("'HOMEPORT'\n", `'HOMEPORT'\nDOCKER_HOST=${dockerd.dockerHost}\n`);
    await succeeding(runProcess('sh', ['-c', command], { env: { ROOT: root, PATH: `${programs}:${process.env.PATH ?? ''}` } }));
    expect(readFileSync(path.join(folder.path, 'systemctl'), 'utf8')).to.equal('daemon-reload\nenable homeport-agent.service\nrestart homeport-agent.service\n');

    const unit = readFileSync(path.join(root, 'etc/systemd/system/homeport-agent.service'), 'utf8');
    const settings = /^EnvironmentFile=(.+)$/m.exec(unit)?.[1] ?? '';
    expect(statSync(settings).mode & 0o777).to.equal(0o600);
    const variables = [...readFileSync(settings, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)].map(([, name = '', value]) => [name, value] as const);
    const [program = '', ...args] = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? '').split(' ');
    expect([program, ...args].filter((word) => word.startsWith('/')).every((file) => file.startsWith(root))).to.equal(true);
    const inherited = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    const agent = startProcess(program, args, { env: { ...inherited, ...Object.fromEntries(variables) } });
    try {
      await untilUp(server, 'plant');
      await succeeding(server.homeport('connect', 'plant', '--', 'docker', 'version'));
      const doctor = (await doctorFor('plant', 'systemd')).replaceAll('/etc/', `${root}/etc/`).replace('/var/lib/', `${root}/var/lib/`);
      await succeeding(runProcess('sh', ['-c', doctor], { env: { ...inherited, PATH: process.env.PATH } }));
    } finally {
      await agent.stop();
    }
  });
});

async function succeeding(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code !== 0) throw new Error(`it failed (${finished.code ?? 'killed'}): ${finished.stdout}${finished.stderr}`);
  return finished;
}
