/** The printed command for Podman, run as it is with a real one. There is no systemd where the tests run: its socket is opened by them. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { runProcess } from '../../support/child-process.ts';
import { createEnvironment, startHomeport } from '../../support/homeport.ts';
import type { HomeportServer } from '../../support/homeport.ts';
import { startPodman } from '../../support/podman.ts';
import type { Podman } from '../../support/podman.ts';
import { requireRealParts } from '../../support/real-parts.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { untilUp } from '../../support/until-status.ts';

describe('the printed command for Podman', function () {
  this.timeout(120_000);
  let podman: Podman | undefined;
  let server: HomeportServer;
  let folder: TemporaryFolder;

  before(async function () {
    requireRealParts(this, 'curl', 'docker');
    podman = await startPodman(this);
    folder = createTemporaryFolder();
    server = await startHomeport();
    await server.signIn();
  });
  after(async () => {
    if (podman === undefined) return;
    await podman.stop();
    await server.remove();
    folder.remove();
  });

  it('brings an agent up, with no capability at all, through which the docker command drives Podman', async () => {
    if (podman === undefined) throw new Error('the hook failed');
    const asked = path.join(folder.path, 'systemctl.log');
    const systemctl = path.join(folder.path, 'systemctl');
    writeFileSync(systemctl, `#!/bin/sh\necho "$@" >>${asked}\n`);
    chmodSync(systemctl, 0o755);
    await createEnvironment(server, 'pods');
    const command = (await server.homeport('env', 'deploy', 'pods', '--platform', 'podman')).stdout.replace('--volume /run/podman/podman.sock:', `--volume ${podman.socket}:`);
    const pasted = await runProcess('sh', ['-c', command], { env: { ...podman.env, PATH: `${folder.path}:${process.env.PATH ?? ''}` } });
    expect(pasted.code, pasted.stderr).to.equal(0);
    expect(readFileSync(asked, 'utf8')).to.equal('enable --now podman.socket podman-restart.service\n');
    await untilUp(server, 'pods');

    const { stdout } = await server.homeport('connect', 'pods', '--', 'docker', 'ps', '--format', '{{.Names}}');
    expect(stdout).to.equal('homeport-agent\n');
    const [inspected] = JSON.parse((await podman.podman('inspect', 'homeport-agent')).stdout) as readonly { readonly State: { readonly Pid: number }; readonly HostConfig: unknown }[];
    expect(inspected?.HostConfig).to.deep.include({ ReadonlyRootfs: true, Privileged: false, RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
    const status = readFileSync(`/proc/${inspected?.State.Pid ?? 0}/status`, 'utf8');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status).to.match(new RegExp(`^${set}:\\s+0{16}$`, 'm'));
    expect(status).to.match(/^NoNewPrivs:\s+1$/m);
  });
});
