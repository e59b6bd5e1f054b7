/** The printed command for systemd, pasted unchanged on a machine that has neither Node nor a docker command, only an engine's socket. */
import { expect } from 'chai';
import { startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { createEnvironment, startHomeport } from '../../support/homeport.ts';
import type { HomeportServer, JoinableEnvironment } from '../../support/homeport.ts';
import { startMachine } from '../../support/machine.ts';
import type { Machine } from '../../support/machine.ts';
import { requireRealParts } from '../../support/real-parts.ts';
import { untilUp } from '../../support/until-status.ts';

describe('the printed command for systemd', function () {
  this.timeout(120_000);
  let dockerd: Dockerd | undefined;
  let machine: Machine | undefined;
  let server: HomeportServer | undefined;

  before(async function () {
    requireRealParts(this, 'curl');
    dockerd = await startDockerd(this);
    machine = await startMachine(this, { without: ['node', 'nodejs', 'npm', 'docker', 'docker-compose', 'podman'], dockerSocket: dockerd.socket });
    server = await startHomeport();
    await server.signIn();
  });
  after(async () => {
    await machine?.stop();
    await server?.remove();
    await dockerd?.stop();
  });

  function running(): { readonly machine: Machine; readonly server: HomeportServer } {
    if (machine === undefined || server === undefined) throw new Error('the hook failed');
    return { machine, server };
  }

  async function succeeding(command: string): Promise<string> {
    const { code, stdout, stderr } = await running().machine.run(command);
    expect(code, `${command}: ${stdout}${stderr}`).to.equal(0);
    return stdout.trim();
  }

  async function paste(environment: JoinableEnvironment): Promise<void> {
    const { stdout: command } = await running().server.homeport('env', 'deploy', environment.name, '--platform', 'systemd');
    expect(await succeeding(command)).to.match(/the agent is installed/);
    await untilUp(running().server, environment.name);
  }

  it('brings an agent up within a minute, and with no right but that to the engine’s socket', async () => {
    expect((await running().machine.run('command -v node || command -v docker')).code).to.not.equal(0);
    await paste(await createEnvironment(running().server, 'plant'));
    const called = await running().server.homeport('connect', 'plant', '--', 'docker', 'version', '--format', '{{.Server.Os}}');
    expect(called.stdout, called.stderr).to.equal('linux\n');

    const status = await succeeding('cat /proc/$(systemctl show --property MainPID --value homeport-agent)/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status).to.match(new RegExp(`^${set}:\\s+0{16}$`, 'm'));
    expect(status).to.match(/^NoNewPrivs:\s+1$/m).and.match(/^Seccomp:\s+2$/m);
    // It is nobody else, where the socket is for a group of its own.
    const group = await succeeding('stat -c %g /run/docker.sock');
    if (group !== '0') expect(status).to.match(/^Uid:\s+6\d{4}\b/m).and.match(new RegExp(`^Groups:.*\\b${group}\\b`, 'm'));
    // As systemd itself judges it: 2.0 of 10, less is better.
    await succeeding('systemd-analyze --no-pager --threshold=20 security homeport-agent.service');
    await succeeding('systemd-analyze verify /etc/systemd/system/homeport-agent.service');
  });

  it('keeps it running, shows its log under its name, and shows nobody its token', async () => {
    expect(await succeeding('journalctl --no-pager --identifier homeport-agent')).to.match(/polling the control plane/);
    expect(await succeeding('stat -c %a /etc/homeport-agent/agent.env')).to.equal('600');
    expect(await succeeding('cat /proc/$(systemctl show --property MainPID --value homeport-agent)/cmdline')).to.not.contain('EDGE_KEY');
    const main = (): Promise<string> => succeeding('systemctl show --property MainPID --value homeport-agent');
    const before = await main();
    await succeeding(`kill -9 ${before}`);
    await eventually('a new process', async () => (['0', before].includes(await main()) ? undefined : true));
    expect(await succeeding('systemctl is-enabled homeport-agent')).to.equal('enabled');
  });

  it('takes a new identity when it is pasted again, and goes when it is told to', async () => {
    await paste(await createEnvironment(running().server, 'plant two'));
    const { url } = running().server;
    await succeeding(`script=$(curl -fsSk ${url}/agent/install.sh) && sh -c "$script" homeport-install --uninstall`);
    expect((await running().machine.run('systemctl is-active homeport-agent')).stdout.trim()).to.equal('inactive');
    expect((await running().machine.run('ls -d /opt/homeport-agent /etc/homeport-agent /etc/systemd/system/homeport-agent.service')).stdout).to.equal('');
  });
});
