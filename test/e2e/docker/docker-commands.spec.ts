/** The ordinary Docker CLI against an engine behind a tunnel: every command that people use, alone and twenty at once. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { runProcess, type Finished } from '../../support/child-process.ts';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { runHomeport } from '../../support/homeport.ts';
import { requireRealParts } from '../../support/real-parts.ts';
import { connectSocket, type TestSocket } from '../../support/web-socket.ts';
import { callByH2c, dockerodeAt, execByDockerode, readPreface, runByDockerode, upgradeToH2c, type Endpoint } from './support/docker-clients.ts';
import { runCompose, runOnTerminals, runPlainCommands } from './support/everyday-commands.ts';
import { signInByRest } from './support/rest.ts';
import { startDockerSite } from './support/site.ts';
import type { DockerSite } from './support/site.ts';
import { CTRL_C, startOnTerminal } from './support/terminal.ts';
import { pointByConnect, pointByContext, pointDirectly } from './support/ways-of-pointing.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const MIB = 1024 * 1024;
/** No bridge in the tests' engine. */
const RUN = ['docker', 'run', '--network', 'none'] as const;

describe('docker through homeport connect', function () {
  this.timeout(isLong ? 300_000 : 90_000);
  let site: DockerSite | undefined;

  before(async function () {
    requireRealParts(this, 'script', 'stty', 'docker-compose', 'curl');
    site = await startDockerSite(this);
    await site.dockerd.docker('run', '--detach', '--name', 'box', '--network', 'none', IMAGE, 'sleep', '3600');
  });
  after(async () => site?.stop());

  function theSite(): DockerSite {
    if (site === undefined) throw new Error('there is no site');
    return site;
  }

  it('docker ps lists the containers', async () => {
    const { code, stdout, stderr } = await theSite().connect(['docker', 'ps', '--format', '{{.Names}}']);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: 'box\n', stderr: '' });
  });

  it('docker version knows the engine', async () => {
    const direct = await theSite().dockerd.docker('version', '--format', '{{.Server.Version}} {{.Server.APIVersion}}');
    const { code, stdout } = await theSite().connect(['docker', 'version', '--format', '{{.Server.Version}} {{.Server.APIVersion}}']);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: direct.stdout });
  });

  it('docker run prints what the container prints', async () => {
    const { code, stdout, stderr } = await theSite().connect([...RUN, '--rm', IMAGE, 'echo', 'hi']);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: 'hi\n', stderr: '' });
  });

  it('docker run -it gives a shell on the terminal, which follows its size', async () => {
    const terminal = await startOnTerminal([...homeportConnect(), ...RUN, '--rm', '-it', IMAGE, 'sh'], theSite().env);
    try {
      // The engine learns of the size by a request of its own, in its own time.
      terminal.type('until [ "$(stty size 2>&1)" = "24 80" ]; do usleep 10000; done; echo begin-$((40 + 2))\r');
      await terminal.process.waitFor(/begin-42/);
      await terminal.resize(97, 31);
      terminal.type('until [ "$(stty size)" = "31 97" ]; do usleep 10000; done; echo resized-$((40 + 2))\r');
      await terminal.process.waitFor(/resized-42/);
      terminal.type('exit 7\r');
      expect((await terminal.process.ended).code).to.equal(7);
    } finally {
      await terminal.process.stop('SIGKILL');
    }
  });

  it('a browser has the same over WebSockets: a shell that follows its window and exits, attach, logs, figures, and what changes meanwhile', async () => {
    const { server, dockerd } = theSite();
    const { apiKey } = await signInByRest(server);
    const environment = (JSON.parse((await server.homeport('env', 'list', '--json')).stdout) as { items?: { id: string }[] } & { id: string }[]);
    const [{ id } = { id: '' }] = environment.items ?? environment;
    const open = (path: string): Promise<TestSocket> => connectSocket({ port: server.httpsPort, ca: server.ca() }, `/api/v1${path}`, { authorization: `Bearer ${apiKey}` });
    const container = (name: string): string => `/environments/${id}/containers/${name}`;
    const live = await open(`/live?environment=${id}&kind=activity`);
    await live.message('ready');

    const shell = await open(`${container('box')}/exec?command=sh&cols=97&rows=31`);
    expect(await shell.message('ready')).to.include({ tty: true });
    shell.socket.send(Buffer.from('until [ "$(stty size)" = "31 97" ]; do usleep 10000; done; echo begun-$((40 + 2))\r'));
    await shell.text(/begun-42/);
    shell.say({ type: 'resize', cols: 80, rows: 24 });
    shell.socket.send(Buffer.from('until [ "$(stty size)" = "24 80" ]; do usleep 10000; done; echo resized-$((40 + 2)); exit 7\r'));
    await shell.text(/resized-42/);
    expect(await shell.message('exit')).to.deep.equal({ type: 'exit', code: 7 });
    expect((await live.message('change'))['changes']).to.be.an('array').that.is.not.empty;

    await dockerd.docker('create', '--name', 'echoer', '--network', 'none', '--interactive', IMAGE, 'sh', '-c', 'echo out; echo err >&2; cat; exit 3');
    await dockerd.docker('start', 'echoer');
    const logs = await open(`${container('echoer')}/logs`);
    expect(await logs.message('ready')).to.include({ tty: false });
    const first = [await logs.text(/\n/), await logs.text(/\n/)].sort();
    expect(first).to.deep.equal(['\x01out\n', '\x02err\n']);
    const attached = await open(`${container('echoer')}/attach`);
    await attached.message('ready');
    const stats = await open(`${container('echoer')}/stats`);
    expect((await stats.message('stats'))['stats']).to.have.property('cpu_stats');
    stats.socket.close();
    attached.socket.send(Buffer.from('echoed\n'));
    expect(await attached.text(/\n/)).to.equal('\x01echoed\n');
    expect(await logs.text(/\n/)).to.equal('\x01echoed\n');
    attached.say({ type: 'eof' });
    expect(await attached.message('exit')).to.deep.equal({ type: 'exit', code: 3 });
    expect(await logs.message('end')).to.deep.equal({ type: 'end' });
    live.socket.close();
    const opened = (await recorded('StreamOpened')).map(({ data }) => data.kind);
    expect(opened).to.include.members(['exec', 'logs', 'attach']);
  });

  it('docker logs -f follows, and stops on Ctrl-C', async () => {
    await theSite().dockerd.docker('run', '--detach', '--name', 'talker', '--network', 'none', '--interactive', IMAGE, 'sh', '-c', 'echo first; cat');
    const earlier = new Set((await recorded('StreamOpened')).map(({ data }) => data.callId));
    const terminal = await startOnTerminal([...homeportConnect(), 'docker', 'logs', '-f', 'talker'], theSite().env);
    try {
      await terminal.process.waitFor(/first/);
      await theSite().dockerd.docker('exec', 'talker', 'sh', '-c', 'echo second > /proc/1/fd/1');
      await terminal.process.waitFor(/second/);
      const opened = await eventually('the stream to be recorded', async () => (await recorded('StreamOpened')).find(({ data }) => data.kind === 'logs' && !earlier.has(data.callId)));
      terminal.type(CTRL_C);
      await terminal.process.ended;
      // Not only the command has gone: nobody follows at the engine's side any more.
      const closed = await eventually('the end of the stream to be recorded', async () => (await recorded('StreamClosed')).find(({ data }) => data.callId === opened.data.callId));
      expect(closed.data.reason).to.equal('client-disconnected');
    } finally {
      await terminal.process.stop('SIGKILL');
    }
  });

  it('docker events shows what happens, as it happens', async () => {
    const events = theSite().startConnected(['docker', 'events', '--filter', 'container=eventful', '--format', '{{.Action}}', '--since', '0']);
    await theSite().dockerd.docker('run', '--rm', '--name', 'eventful', '--network', 'none', IMAGE, 'true');
    await events.waitFor(/create[^]*start[^]*die[^]*destroy/);
    events.signal('SIGINT');
    await events.ended;
  });

  it('docker build sends a context and runs its steps', async () => {
    const context = path.join(theSite().folder, 'context');
    mkdirSync(context);
    const content = randomBytes(300_000);
    writeFileSync(path.join(context, 'content'), content);
    writeFileSync(path.join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY content /content\nRUN sha256sum /content > /sum\nCMD ["cat", "/sum"]\n`);
    const built = await theSite().connect(['env', 'DOCKER_BUILDKIT=0', 'docker', 'build', '--network', 'none', '--tag', 'built', context]);
    expect(built.code, built.stderr).to.equal(0);
    const { stdout } = await theSite().connect([...RUN, '--rm', 'built']);
    expect(stdout).to.equal(`${sha256(content)}  /content\n`);
  });

  const copiedMib = isLong ? 256 : 64;
  it(`docker cp carries ${copiedMib} MiB there and back unchanged`, async () => {
    const there = path.join(theSite().folder, 'there');
    const back = path.join(theSite().folder, 'back');
    // Blocks that differ, so that none can be lost, doubled or swapped unnoticed.
    const block = randomBytes(MIB);
    writeFileSync(there, '');
    for (let index = 0; index < copiedMib; index += 1) {
      block.writeUInt32BE(index);
      writeFileSync(there, block, { flag: 'a' });
    }
    const sum = await fileSum(there);
    const copied = await theSite().connect(['docker', 'cp', there, 'box:/copy']);
    expect(copied.code, copied.stderr).to.equal(0);
    expect((await theSite().dockerd.docker('exec', 'box', 'sha256sum', '/copy')).stdout).to.equal(`${sum}  /copy\n`);
    const fetched = await theSite().connect(['docker', 'cp', 'box:/copy', back]);
    expect(fetched.code, fetched.stderr).to.equal(0);
    expect(await fileSum(back)).to.equal(sum);
  });

  it('docker exec ends with the exit code of its command', async () => {
    const codes = await Promise.all([0, 1, 42, 255].map(async (code) => (await theSite().connect(['docker', 'exec', 'box', 'sh', '-c', `exit ${code}`])).code));
    expect(codes).to.deep.equal([0, 1, 42, 255]);
  });

  const times = isLong ? 100 : 20;
  it(`docker exec -i reads its input to the end, and all of it, ${times} times`, async () => {
    for (let index = 0; index < times; index += 1) {
      const input = randomBytes(MIB + 1);
      const { code, stdout, stderr } = await theSite().docker(['exec', '-i', 'box', 'sha256sum'], { input });
      expect({ code, stdout, stderr }, `time ${index + 1}`).to.deep.equal({ code: 0, stdout: `${sha256(input)}  -\n`, stderr: '' });
    }
  });

  it('a command under homeport connect reads the input to the end', async () => {
    const input = randomBytes(MIB + 1);
    const { stdout } = await theSite().connect(['docker', 'exec', '-i', 'box', 'sha256sum'], { input });
    expect(stdout).to.equal(`${sha256(input)}  -\n`);
  });

  it('twenty commands at once are all right', async () => {
    const kinds: ((index: number) => Promise<void>)[] = [
      async () => expectOutput(await theSite().connect(['docker', 'ps', '--filter', 'name=box', '--format', '{{.Names}}']), 'box\n'),
      async (index) => expectOutput(await theSite().connect([...RUN, '--rm', IMAGE, 'echo', `hi ${index}`]), `hi ${index}\n`),
      async () => {
        const input = randomBytes(MIB + 1);
        expectOutput(await theSite().connect(['docker', 'exec', '-i', 'box', 'sha256sum'], { input }), `${sha256(input)}  -\n`);
      },
      async (index) => {
        expect((await theSite().connect(['docker', 'exec', 'box', 'sh', '-c', `exit ${index}`])).code).to.equal(index);
      },
      async (index) => {
        const [there, back] = [path.join(theSite().folder, `there-${index}`), path.join(theSite().folder, `back-${index}`)];
        const content = randomBytes(5 * MIB);
        writeFileSync(there, content);
        expect((await theSite().connect(['docker', 'cp', there, `box:/copy-${index}`])).code).to.equal(0);
        expect((await theSite().connect(['docker', 'cp', `box:/copy-${index}`, back])).code).to.equal(0);
        expect(await fileSum(back)).to.equal(sha256(content));
      },
    ];
    await Promise.all(Array.from({ length: 20 }, async (_, index) => kinds[index % kinds.length]?.(index)));
  });

  it('every way of pointing does what people do all day: run, exec -it, attach and detach, wait, stats, save and load, build, compose', async () => {
    const context = await pointByContext(theSite());
    const ways = { direct: await pointDirectly(theSite()), connect: await pointByConnect(theSite()), context };
    try {
      const rounds = Object.entries(ways).map(([name, way]) => ({ way, folder: theSite().folder, name }));
      // Terminals first: of an engine that is busy starting containers, the size of a window may be lost.
      await Promise.all(rounds.map(runOnTerminals));
      await Promise.all(rounds.flatMap((round) => [runPlainCommands(round), runCompose(round)]));
      expect((await runHomeport(['context', 'list', '--quiet'], { env: theSite().env })).stdout).to.equal('factory\n');
    } finally {
      expect((await context.remove()).stdout).to.equal('factory\n');
    }
    // The Docker CLI knows it no more, and nobody serves it.
    expect((await context.run('docker', ['ps'])).code).to.not.equal(0);
  });

  it('dockerode, curl with Expect: 100-continue, and BuildKit’s h2c get through', async () => {
    const endpoint = await endpointOf(theSite());
    const docker = dockerodeAt(endpoint);
    expect((await docker.listContainers({ filters: { name: ['box'] } })).map(({ Names }) => Names)).to.deep.equal([['/box']]);
    const done = await execByDockerode(docker, 'box', { command: ['sh', '-c', 'cat; echo err >&2; exit 6'], input: 'in and out\n' });
    expect(done).to.deep.equal({ stdout: 'in and out\n', stderr: 'err\n', code: 6 });

    expect(await runByDockerode(docker, IMAGE, { command: ['sh', '-c', 'cat; exit 3'], input: 'told\n' })).to.deep.equal({ stdout: 'told\n', code: 3 });

    const archive = path.join(theSite().folder, 'put.tar');
    writeFileSync(path.join(theSite().folder, 'put'), randomBytes(MIB));
    expect((await runProcess('tar', ['--create', '--file', archive, '--directory', theSite().folder, 'put'])).code).to.equal(0);
    const url = `https://localhost:${endpoint.port}${endpoint.path}/containers/box/archive?path=/`;
    const curl = ['--silent', '--verbose', '--cacert', path.join(theSite().server.dataDir, 'tls', 'ca.pem'), '--header', `Authorization: Bearer ${endpoint.apiKey}`];
    const put = await runProcess('curl', [...curl, '--header', 'Expect: 100-continue', '--upload-file', archive, url]);
    expect(put.stderr).to.match(/< HTTP\/1\.1 100 Continue[^]*< HTTP\/1\.1 200 OK/);

    const grpc = await upgradeToH2c(endpoint, '/grpc');
    expect(await callByH2c(grpc, '/moby.buildkit.v1.Control/ListWorkers')).to.satisfy(({ bytes, status }: { bytes: number; status: unknown }) => bytes > 5 && status === '0');
    grpc.destroy();
    const session = await upgradeToH2c(endpoint, '/session', ['X-Docker-Expose-Session-Uuid: e2e000000000000000000000', 'X-Docker-Expose-Session-Name: e2e']);
    expect(await readPreface(session)).to.equal('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    session.destroy();
  });

  /** For a terminal, where the command line is given as words. */
  function homeportConnect(): readonly string[] {
    return [process.execPath, path.resolve('services/cli/main.ts'), 'connect', 'factory', '--'];
  }

  async function recorded(type: string): Promise<readonly { readonly data: Readonly<Record<string, unknown>> }[]> {
    const { stdout } = await theSite().server.homeport('events', 'list', '--type', type, '--json');
    return JSON.parse(stdout) as { data: Record<string, unknown> }[];
  }
});

async function endpointOf({ server }: DockerSite): Promise<Endpoint> {
  const { apiKey } = await signInByRest(server);
  const id = (await server.homeport('env', 'list', '--quiet')).stdout.trim();
  return { port: server.httpsPort, ca: server.ca(), apiKey, path: `/api/v1/environments/${id}/docker` };
}

function expectOutput({ code, stdout, stderr }: Finished, expected: string): void {
  expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: expected, stderr: '' });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function fileSum(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
