/** What is given wrongly, or is not there: one line that says what to do, and the right exit code. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runProcess } from '../../support/child-process.ts';
import type { Finished, RunningProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { runHomeport } from '../../support/homeport.ts';
import { findFreePort } from '../../support/ports.ts';
import { realPart, requireRealParts } from '../../support/real-parts.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../../web-gateway/support/fake-engine.ts';
import type { CreatedEnvironment } from './support/api.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

const MISUSE = 2;
const FAILURE = 1;

describe('what is given wrongly', function () {
  this.timeout(30_000);
  let site: Site;
  let stopSite: Site['stop'] | undefined;
  let environment: CreatedEnvironment;
  let taken: Server;
  let engine: FakeEngine | undefined;

  before(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    site = await startSite();
    stopSite = site.stop;
    environment = await site.api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
  });
  after(async () => {
    await stopSite?.();
    await engine?.close();
    taken.close();
  });

  /** One line on stderr that says this; nothing on stdout. */
  function expectLine({ code, stdout, stderr }: Finished, exitCode: number, ...said: readonly RegExp[]): void {
    expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1);
    for (const pattern of said) expect(stderr).to.match(pattern);
    expect(stderr).to.not.match(/unexpected failure|^\s+at /m);
    expect({ code, stdout }).to.deep.equal({ code: exitCode, stdout: '' });
  }

  const serve = (...flags: readonly string[]): Promise<Finished> =>
    runHomeport(['serve', '--host', '127.0.0.1', '--https-port', '0', '--tunnel-port', '0', '--log-level', 'warn', ...flags], { withinMs: 20_000 });
  const freshFolder = (): string => path.join(site.folder, randomUUID());

  describe('to the server', () => {
    it('an unknown flag, command or value is misuse', async () => {
      const [unknownFlag, unknownCommand, wrongPort] = await Promise.all([runHomeport(['serve', '--colour']), runHomeport(['dance']), runHomeport(['serve', '--https-port', 'many'])]);
      expectLine(unknownFlag, MISUSE, /--colour/, /--help/);
      expectLine(unknownCommand, MISUSE, /dance/, /--help/);
      expectLine(wrongPort, MISUSE, /--https-port/, /0 to 65535/);
      expectLine(await runHomeport(['serve', '--public-address', 'homeport.example']), MISUSE, /--public-address/, /HOST:PORT/);
    });

    it('a port in use is named, with the flag that chooses another', async () => {
      const { port } = taken.address() as AddressInfo;
      const [https, tunnel] = await Promise.all([
        serve('--data-dir', freshFolder(), '--https-port', String(port)),
        serve('--data-dir', freshFolder(), '--tunnel-port', String(port)),
      ]);
      expectLine(https, FAILURE, new RegExp(`\\b${port}\\b`), /in use/, /--https-port/);
      expectLine(tunnel, FAILURE, new RegExp(`\\b${port}\\b`), /in use/, /--tunnel-port/);
    });

    it('a data directory that cannot be written is named, with the flag that chooses another', async () => {
      const file = freshFolder();
      writeFileSync(file, 'a file');
      const [belowFile, asFile, inProc] = await Promise.all([serve('--data-dir', path.join(file, 'data')), serve('--data-dir', file), serve('--data-dir', '/proc/homeport')]);
      expectLine(belowFile, FAILURE, /data directory/, /--data-dir/);
      expectLine(asFile, FAILURE, /data directory/, /--data-dir/);
      expectLine(inProc, FAILURE, /data directory/, /--data-dir/);
    });

    it('a data directory that a running server holds is refused, and that server runs on', async () => {
      const { dataDir } = site.server();
      expectLine(await serve('--data-dir', dataDir), FAILURE, /in use by another Homeport/, /--data-dir/);
      expect((await site.api.call('GET', '/environments')).status).to.equal(200);
    });
  });

  describe('to a client command', () => {
    it('an unreachable server is named', async () => {
      const port = await findFreePort();
      const env = { HOMEPORT_API_KEY: 'hp_0123456789abcdef', XDG_CONFIG_HOME: site.folder };
      expectLine(await runHomeport(['env', 'list', '--url', `https://localhost:${port}`], { env }), FAILURE, new RegExp(`localhost:${port}`));
    });

    it('a broken join token is no token to inspect', async () => {
      expectLine(await runHomeport(['token', 'inspect', '-'], { input: `${environment.joinToken.slice(0, -9)}\n` }), MISUSE, /broken or cut off/, /copy it again/);
    });
  });

  describe('to the agent', () => {
    const agentProgram = fileURLToPath(new URL('../../../agent/standalone.ts', import.meta.url));
    const runAgent = (env: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Finished> =>
      runProcess(process.execPath, [agentProgram, ...flags], {
        env: { EDGE_ID: environment.issuedEdgeId, EDGE_KEY: environment.joinToken, EDGE_INSECURE_POLL: '1', DOCKER_HOST: undefined, ...env },
        withinMs: 20_000,
      });

    it('a broken or truncated join token, or an Edge ID that is no UUID, ends it at once', async () => {
      const { joinToken } = environment;
      const [truncated, short, broken, noUuid] = await Promise.all([
        runAgent({ EDGE_KEY: joinToken.slice(0, -7) }),
        runAgent({ EDGE_KEY: joinToken.slice(0, 40) }),
        runAgent({ EDGE_KEY: `${joinToken.slice(0, 20)}*${joinToken.slice(21)}` }),
        runAgent({ EDGE_ID: 'factory-1' }),
      ]);
      // The whole command line says the same.
      expectLine(await runHomeport(['agent'], { env: { EDGE_ID: 'factory-1', EDGE_KEY: joinToken } }), MISUSE, /EDGE_ID/, /UUID/);
      for (const finished of [truncated, short, broken]) expectLine(finished, MISUSE, /EDGE_KEY/, /broken or cut off/, /copy it again/);
      expectLine(noUuid, MISUSE, /EDGE_ID/, /UUID/);
    });

    it('missing variables, an unknown flag, and a Docker host it cannot drive end it at once', async () => {
      const [noId, noKey, unknownFlag, unknownToAll, tcp] = await Promise.all([
        runAgent({ EDGE_ID: '' }),
        runAgent({ EDGE_KEY: '' }),
        runAgent({}, '--colour'),
        runHomeport(['agent', '--colour']),
        runAgent({ DOCKER_HOST: 'tcp://localhost:2375' }),
      ]);
      expectLine(noId, MISUSE, /EDGE_ID is missing/);
      expectLine(noKey, MISUSE, /EDGE_KEY is missing/);
      expectLine(unknownFlag, MISUSE, /--colour/, /--help/);
      expectLine(unknownToAll, MISUSE, /--colour/, /agent --help/);
      expectLine(tcp, MISUSE, /DOCKER_HOST/, /unix:/);
    });

    it('a server that is away is said once, and found when it is there', async function () {
      this.timeout(60_000);
      const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/no.sock` });
      await agent.waitFor(/polling the control plane/);
      await site.server().kill();
      await agent.waitFor(/"code":"connection-refused".*check that the control plane runs/);
      await site.restart();
      await agent.waitFor(/polling again/);
      expect(warnings(agent, 'connection-refused')).to.have.length(1);
      expect((await agent.stop()).code).to.equal(0);
    });

    it('a Docker socket that is missing is said once, told to the Docker CLI, and used as soon as it is there', async function () {
      requireRealParts(this, 'docker');
      const socket = path.join(site.folder, 'engine.sock');
      const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${socket}` });
      await agent.waitFor(/"code":"docker-socket-missing".*DOCKER_HOST/);
      const env = await eventually('a tunnel', () => site.dockerEnvironment(environment), 40_000);
      const ps = (): Promise<Finished> => runProcess(realPart('docker'), ['ps', '--format', '{{.Names}}'], { env });
      const refused = await ps();
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.match(/no Docker socket at .*engine\.sock/);

      engine = await startHttpEngine(socket, (req, res) => {
        res.setHeader('Api-Version', '1.44').setHeader('Content-Type', 'application/json');
        res.end(/\/containers\/json/.test(req.url ?? '') ? '[{"Id":"0123456789ab","Names":["/box"]}]' : '{}');
      });
      const found = await ps();
      expect(found).to.deep.include({ code: 0, stdout: 'box\n' });
      await agent.waitFor(/the engine answers on its socket/);
      expect(warnings(agent, 'docker-socket-missing')).to.have.length(1);
      expect((await site.api.call('GET', dockerPath(environment, '/_ping'))).status).to.equal(200);
      expect((await agent.stop()).code).to.equal(0);
    });
  });
});

/** The lines of an agent's log that warn of this. */
function warnings(agent: RunningProcess, code: string): readonly string[] {
  return agent
    .stderr()
    .split('\n')
    .filter((line) => line.includes(`"level":"warn"`) && line.includes(`"code":"${code}"`) && !line.includes('"component":"tunnel"'));
}
