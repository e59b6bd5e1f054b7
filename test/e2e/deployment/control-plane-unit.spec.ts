/** docs/examples/homeport.service on a machine with a real systemd: it starts, is hardened, keeps its data, and stops in order. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { startMachine } from '../../support/machine.ts';
import type { Machine } from '../../support/machine.ts';
import { requireRealParts } from '../../support/real-parts.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const UNIT = '/etc/systemd/system/homeport.service';

describe('the systemd unit of the control plane', function () {
  this.timeout(120_000);
  let machine: Machine | undefined;

  before(async function () {
    requireRealParts(this, 'curl');
    machine = await startMachine(this, { without: [], dockerSocket: '/dev/null', folders: { '/opt/homeport': root } });
  });
  after(async () => machine?.stop());

  async function succeeding(command: string): Promise<string> {
    const { code, stdout, stderr } = await (machine as Machine).run(command);
    expect(code, `${command}: ${stdout}${stderr}`).to.equal(0);
    return stdout.trim();
  }

  /** The checkout in the place of the installed package, where a unit without rights finds it. */
  async function install(): Promise<void> {
    const files: Readonly<Record<string, string>> = {
      '/usr/local/bin/homeport': '#!/bin/sh\nexec /opt/homeport/node_modules/.bin/node /opt/homeport/services/cli/main.ts "$@"\n',
      '/etc/homeport/homeport.env': 'HOMEPORT_HOST=127.0.0.1\nHOMEPORT_HTTPS_PORT=0\nHOMEPORT_TUNNEL_PORT=0\nHOMEPORT_PUBLIC_ADDRESS=homeport.example.com:9443\n',
      [UNIT]: readFileSync(path.join(root, 'docs/examples/homeport.service'), 'utf8'),
    };
    for (const [file, text] of Object.entries(files)) await succeeding(`mkdir -p ${path.dirname(file)} && cat >${file} <<'END'\n${text}END`);
    await succeeding('chmod 755 /usr/local/bin/homeport');
  }

  const readyLine = (): Promise<{ readonly url: string; readonly dataDir: string; readonly admin?: unknown }> =>
    eventually('the ready line', async () => {
      const line = (await succeeding('journalctl --no-pager --output cat --unit homeport')).split('\n').findLast((one) => one.startsWith('{"ready":true'));
      return line === undefined ? undefined : (JSON.parse(line) as { url: string; dataDir: string });
    }, 60_000);

  it('is one that systemd understands, and as hardened as Node allows', async () => {
    await install();
    expect(await succeeding(`systemd-analyze verify ${UNIT} 2>&1`)).to.equal('');
    // As systemd itself judges it: at most 2.0 of 10, less is better.
    await succeeding('systemctl daemon-reload && systemd-analyze --no-pager --threshold=20 security homeport.service');
  });

  it('starts under a user of its own without a right, serves, and keeps its data for itself', async () => {
    await succeeding('systemctl enable --now homeport');
    const { url, dataDir, admin } = await readyLine();
    expect(dataDir).to.equal('/var/lib/homeport');
    expect(admin).to.not.equal(undefined);
    expect(await succeeding(`curl -sfk ${url}/readyz`)).to.include('"status":"ready"');
    const status = await succeeding('cat /proc/$(systemctl show --property MainPID --value homeport)/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status).to.match(new RegExp(`^${set}:\\s+0{16}$`, 'm'));
    expect(status).to.match(/^NoNewPrivs:\s+1$/m).and.match(/^Seccomp:\s+2$/m).and.match(/^Uid:\s+6\d{4}\b/m);
    expect(await succeeding('stat -L -c %a /var/lib/private/homeport')).to.equal('700');
    // The machine's own operator needs no password.
    expect(await succeeding('curl -sf --unix-socket /var/lib/homeport/admin.sock http://localhost/api/v1/environments')).to.include('"total":0');
  });

  it('stops in order, and starts again with all it had', async () => {
    await succeeding('curl -sf --unix-socket /var/lib/homeport/admin.sock -H "Content-Type: application/json" -d \'{"name":"factory"}\' http://localhost/api/v1/environments');
    await succeeding('systemctl stop homeport');
    expect(await succeeding('systemctl show --property Result --value homeport')).to.equal('success');
    expect(await succeeding('systemctl show --property ExecMainStatus --value homeport')).to.equal('0');
    await succeeding('journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; systemctl start homeport');
    await eventually('the environment', async () => {
      const { code, stdout } = await (machine as Machine).run('curl -sf --unix-socket /var/lib/homeport/admin.sock http://localhost/api/v1/environments');
      return code === 0 && stdout.includes('"name":"factory"') ? true : undefined;
    }, 60_000);
  });
});
