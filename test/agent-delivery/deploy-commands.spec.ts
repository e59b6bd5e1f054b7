/** What the printed commands say, for whom, and that shells read them as they are meant. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { encodeJoinToken } from '../../proto/join-token.ts';
import { deployCommands } from '../../services/agent-delivery/deploy-commands.ts';
import type { ServedTrust } from '../../services/agent-delivery/deploy-commands.ts';
import { PLATFORMS } from '../../services/agent-delivery/port.ts';
import type { DeployCommands } from '../../services/agent-delivery/port.ts';
import { runProcess } from '../support/child-process.ts';

const token = {
  apiUrl: 'https://[2001:db8::7]:9443',
  tunnelAddress: '[2001:db8::7]:8000',
  tunnelFingerprint: Buffer.alloc(32, 1).toString('base64'),
  environmentId: 'e1',
  joinSecret: Buffer.alloc(32, 2),
};
const joinToken = encodeJoinToken(token);
const edgeId = '6b1f0c52-0000-4000-8000-000000000001';

function commands(isPublic: boolean): DeployCommands {
  const served: ServedTrust = { spkiSha256: Buffer.alloc(32, 3), isPublic };
  return deployCommands({ edgeId, joinToken }, served, 'localhost/homeport-agent:1.2.3');
}

describe('the commands that start an agent', () => {
  it('fetch by the pinned key, and leave other checks out only where the certificate is self-signed', () => {
    for (const platform of PLATFORMS) {
      const [own, known] = [commands(false)[platform], commands(true)[platform]];
      for (const text of [own, known]) expect(text).to.include(`--pinnedpubkey sha256//${Buffer.alloc(32, 3).toString('base64')}`);
      expect(own).to.match(/curl -fsSk --retry 9 /).and.match(/EDGE_INSECURE_POLL[=:]/);
      expect(known).to.match(/curl -fsS /).and.not.include('EDGE_INSECURE_POLL');
    }
  });

  it('start what was fetched, and never what a registry has under that name', () => {
    expect(commands(true).standalone).to.include('--pull never localhost/');
    expect(commands(true).podman).to.include('--pull never localhost/');
    expect(commands(true).compose).to.include('pull_policy: never');
    expect(commands(true).swarm).to.include('--no-resolve-image');
  });

  it('unpack the archive where Podman is to load it: 4.3 takes no other', () => {
    expect(commands(true).podman).to.match(/image\.tar\.gz'? \| gzip -dc \| podman load &&/);
  });

  it('give the container the engine’s socket, one volume, and nothing else', () => {
    for (const platform of ['standalone', 'podman'] as const) {
      expect(commands(true)[platform]).to.include('--read-only --cap-drop ALL --security-opt no-new-privileges');
      expect(commands(true)[platform].match(/--volume/g)).to.have.length(2);
    }
    expect(commands(true).swarm).to.include('--read-only --cap-drop ALL').and.include('--mode global');
    expect(commands(true).compose).to.include('read_only: true').and.include('cap_drop: [ALL]').and.include('no-new-privileges:true');
  });

  it('join the machine’s own network where its loopback is the address, and only there', () => {
    const local = encodeJoinToken({ ...token, apiUrl: 'https://localhost:9443', tunnelAddress: 'localhost:8000' });
    const onLoopback = deployCommands({ edgeId, joinToken: local }, { spkiSha256: Buffer.alloc(32, 3), isPublic: false }, 'localhost/homeport-agent:1.2.3');
    for (const platform of ['standalone', 'podman', 'swarm', 'compose'] as const) {
      expect(onLoopback[platform], platform).to.match(/--network host|network_mode: host/);
      expect(commands(true)[platform], platform).to.not.match(/--network host|network_mode: host/);
    }
  });

  it('are read by a shell as they stand, an IPv6 address included', async () => {
    for (const text of Object.values(commands(false))) {
      const { code, stderr } = await runProcess('sh', ['-n'], { input: text });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    }
    const words = commands(false).standalone.replaceAll(/\b(curl|docker) /g, 'show ');
    const { stdout } = await runProcess('sh', ['-c', `show() { printf '%s\\n' "$@" >&2; }\n${words}`]).then(({ stderr }) => ({ stdout: stderr.split('\n') }));
    expect(stdout).to.include('https://[2001:db8::7]:9443/agent/image.tar.gz').and.include(`EDGE_KEY=${joinToken}`).and.include(`EDGE_ID=${edgeId}`);
  });

  it('show the join token to no list of processes where it can be helped', () => {
    const [commandLine = '', input = ''] = commands(true).systemd.split("<<'HOMEPORT'");
    expect(commandLine).not.to.include(joinToken);
    expect(input).to.include(`EDGE_KEY=${joinToken}\n`);
  });
});

describe('the install script', () => {
  const script = fileURLToPath(new URL('../../services/agent-delivery/install.sh', import.meta.url));

  it('is read by a plain POSIX shell', async () => {
    const { code, stderr } = await runProcess('sh', ['-n', script]);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
  });

  it('does nothing where it was cut off on the way', async () => {
    const { code, stdout } = await runProcess('sh', ['-c', `head -n -1 '${script}' | ROOT=/nonexistent sh`]);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' });
  });

  it('refuses a setting that it does not know', async () => {
    const { code, stderr } = await runProcess('sh', [script], { env: { ROOT: '/nonexistent' }, input: 'LD_PRELOAD=/tmp/evil.so\n' });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^homeport: there is no (setting LD_PRELOAD|systemctl, and it is needed)\n$/);
  });
});
