/** An agent in another language, written from the .proto files and docs/protocol.md alone, in front of a real engine. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startSite } from '../e2e/failures/support/site.ts';
import type { Site } from '../e2e/failures/support/site.ts';
import type { CreatedEnvironment } from '../e2e/failures/support/api.ts';
import { runProcess, startProcess } from '../support/child-process.ts';
import type { Finished, RunningProcess } from '../support/child-process.ts';
import { IMAGE, startDockerd } from '../support/dockerd.ts';
import type { Dockerd } from '../support/dockerd.ts';
import { eventually } from '../support/eventually.ts';
import { realPart, requireRealParts } from '../support/real-parts.ts';

const AGENT = fileURLToPath(new URL('agent.py', import.meta.url));
const BUF = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MIB = 1024 * 1024;

describe('an agent in another language', function () {
  this.timeout(90_000);
  let dockerd: Dockerd | undefined;

  before(async function () {
    requireRealParts(this, 'python3', 'python3-grpcio', 'python3-protobuf', 'python3-nacl', 'python3-cryptography');
    dockerd = await startDockerd(this);
    await dockerd.docker('run', '--detach', '--name', 'box', '--network', 'none', IMAGE, 'sh', '-c', 'echo begun; exec sleep 3600');
  });
  after(() => dockerd?.stop());

  for (const { mode, flags } of [
    { mode: 'on an open poll call', flags: [] },
    { mode: 'with classic polls, each a call of its own', flags: ['--classic'] },
  ]) {
    describe(mode, () => {
      let site: Site | undefined;
      let environment: CreatedEnvironment;
      let agent: RunningProcess;
      let env: Readonly<Record<string, string | undefined>>;

      before(async () => {
        site = await startSite();
        environment = await site.api.createEnvironment({ name: 'foreign', pollIntervalSeconds: 1 });
      });
      after(() => site?.stop());

      function theSite(): Site {
        if (site === undefined) throw new Error('there is no site');
        return site;
      }

      async function startForeignAgent(): Promise<RunningProcess> {
        const descriptors = path.join(theSite().folder, 'homeport.binpb');
        const built = await runProcess(BUF, ['build', ROOT, '--as-file-descriptor-set', '--output', descriptors]);
        expect(built.code, built.stderr).to.equal(0);
        const variables = { EDGE_ID: environment.issuedEdgeId, EDGE_KEY: environment.joinToken, DOCKER_SOCKET: dockerd?.socket, EDGE_INACTIVITY_SECONDS: '2', PYTHONDONTWRITEBYTECODE: '1' };
        return theSite().own(startProcess(realPart('python3'), [AGENT, descriptors, ...flags], { env: variables }));
      }

      const docker = (args: readonly string[], input?: string | Uint8Array): Promise<Finished> =>
        runProcess(realPart('docker'), args, { env, ...(input === undefined ? {} : { input }) });

      async function shown(): Promise<Readonly<Record<string, unknown>>> {
        return (await theSite().api.call('GET', `/environments/${environment.id}`)).body as Readonly<Record<string, unknown>>;
      }

      it('trusts the self-signed port by its binding, associates, and is up', async () => {
        agent = await startForeignAgent();
        await agent.waitFor(/api certificate bound/);
        const up = await eventually('the environment to be up', async () => {
          const now = await shown();
          return now.status === 'up' ? now : undefined;
        });
        expect(up).to.deep.include({ edgeId: environment.issuedEdgeId });
        expect(up.association).to.deep.include({ state: 'associated', lastRejected: null });
        expect((up.agents as readonly { readonly version: string }[]).map(({ version }) => version)).to.deep.equal(['0.0.1-foreign']);
        await agent.waitFor(/polls are recorded/);
      });

      it('brings the snapshot it is asked for', async () => {
        const containers = await eventually('the snapshot', async () => {
          const { status, body } = await theSite().api.call('GET', `/environments/${environment.id}/snapshots/latest`);
          return status === 200 ? (body as { readonly snapshot: { readonly containers: readonly { readonly name: string }[] } }).snapshot.containers : undefined;
        });
        expect(containers.map(({ name }) => name)).to.deep.equal(['box']);
      });

      it('opens a pinned tunnel when it is required, and docker ps, version and logs go through it', async () => {
        env = await theSite().dockerEnvironment(environment);
        expect(await docker(['ps', '--format', '{{.Names}}'])).to.deep.include({ code: 0, stdout: 'box\n', stderr: '' });
        const version = ['version', '--format', '{{.Server.Version}}'];
        expect((await docker(version)).stdout).to.equal((await dockerd?.docker(...version))?.stdout);
        expect(await docker(['logs', 'box'])).to.deep.include({ code: 0, stdout: 'begun\n' });
      });

      it('carries half-closes both ways: a command that reads its input to the end', async () => {
        expect(await docker(['exec', '--interactive', 'box', 'wc', '-c'], 'x\n')).to.deep.include({ code: 0, stdout: '2\n' });
        expect(await docker(['exec', 'box', 'sh', '-c', 'echo to stderr >&2; exit 7'])).to.deep.include({ code: 7, stderr: 'to stderr\n' });
      });

      it('carries 20 MiB each way whole, on several channels at once', async () => {
        const sent = Buffer.alloc(20 * MIB, 'a foreign agent ');
        const checksum = createHash('sha256').update(sent).digest('hex');
        const up = docker(['exec', '--interactive', 'box', 'sha256sum'], sent);
        const down = docker(['exec', 'box', 'sh', '-c', `yes 'a foreign agent' | tr '\\n' ' ' | head -c ${20 * MIB}`]);
        expect(await up).to.deep.include({ code: 0, stdout: `${checksum}  -\n` });
        const { code, stdout } = await down;
        expect({ code, checksum: createHash('sha256').update(stdout).digest('hex') }).to.deep.equal({ code: 0, checksum });
      });

      it('asks when it was idle, brings its last snapshot, says goodbye; all recorded in order', async () => {
        const used = (await theSite().api.events(`environment=${environment.id}&type=TunnelOpened`)).at(-1);
        await agent.waitFor(/tunnel over/, 20_000);
        const closing = ['SnapshotRecorded', 'SnapshotUnchanged', 'TunnelClosed', 'TunnelCredentialsRevoked'];
        const seen = await eventually('the close to be recorded', async () => {
          const events = await theSite().api.events(`environment=${environment.id}&after=${used?.position ?? ''}`);
          const closed = events.filter(({ type }) => closing.includes(type));
          return closed.some(({ type }) => type === 'TunnelCredentialsRevoked') ? closed : undefined;
        });
        // Other snapshots may have come since the tunnel opened: the last one counts.
        const [snapshot, closed, revoked] = seen.slice(-3);
        expect(snapshot?.type).to.match(/^Snapshot(Recorded|Unchanged)$/);
        expect([closed?.type, closed?.data.reason, revoked?.type]).to.deep.equal(['TunnelClosed', 'idle', 'TunnelCredentialsRevoked']);
        expect(await docker(['ps', '--format', '{{.Names}}']), 'the next call').to.deep.include({ code: 0, stdout: 'box\n' });
      });

      it('is told why it is refused once its token is rotated', async () => {
        expect((await theSite().api.call('POST', `/environments/${environment.id}/rotate-token`)).status).to.be.within(200, 299);
        await agent.waitFor(/refused reason=token-rotated/);
        await agent.waitFor(/tunnel drained reason=token-rotated/);
        expect((await agent.stop()).code).to.equal(0);
        expect(agent.stderr()).to.equal('');
      });
    });
  }
});
