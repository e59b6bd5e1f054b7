/** Environments, events and `connect` from the command line, against a real server and agent. */
import { once } from 'node:events';
import { request } from 'node:http';
import { statSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { createEnvironment, startAgent, startHomeport, startHomeportCommand } from '../support/homeport.ts';
import type { HomeportAgent, HomeportServer, JoinableEnvironment } from '../support/homeport.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { untilUp } from '../support/until-status.ts';
import { startHttpEngine } from '../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../web-gateway/support/fake-engine.ts';

describe('client commands', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let folder: TemporaryFolder;
  let engine: FakeEngine | undefined;
  let agent: HomeportAgent | undefined;
  let factory: JoinableEnvironment;

  before(async () => {
    folder = createTemporaryFolder();
    server = await startHomeport();
    await server.signIn();
    factory = await createEnvironment(server, 'Factory', '--tag', 'eu', '--tag', 'hall,north', '--poll-interval', '1s');
    const socket = path.join(folder.path, 'docker.sock');
    engine = await startHttpEngine(socket, ({ url }, response) => response.end(url === '/_ping' ? 'OK' : JSON.stringify({ url })));
    agent = startAgent({ edgeId: factory.issuedEdgeId, edgeKey: factory.joinToken, dockerHost: `unix://${socket}` });
    await untilUp(server, 'Factory', 20_000);
  });
  after(async () => {
    await agent?.stop();
    await engine?.close();
    await server.remove();
    folder.remove();
  });

  const output = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await server.homeport(...args);
    expect(code, stderr).to.equal(0);
    return stdout;
  };

  describe('env', () => {
    it('list prints a table, a wider one, JSON, names or ids', async () => {
      expect(await output('env', 'list')).to.match(/^NAME +ID +STATUS +TUNNEL +LAST POLL +TAGS\nFactory +\w+ +up .* eu,hall,north\n$/);
      expect(await output('env', 'ls', '-o', 'wide')).to.match(/ADDRESS +CREATED\n/);
      expect(JSON.parse(await output('env', 'list', '--json'))).to.have.nested.property('[0].id', factory.id);
      expect(await output('env', 'list', '-o', 'name')).to.equal('Factory\n');
      expect(await output('env', 'list', '-q')).to.equal(`${factory.id}\n`);
      expect(await output('env', 'list', '--search', 'nothing like it', '-q')).to.equal('');
    });

    it('is found by id, and by name whatever its case', async () => {
      for (const name of [factory.id, 'factory', 'FACTORY']) expect(await output('env', 'show', name, '-q')).to.equal(`${factory.id}\n`);
      const { code, stderr } = await server.homeport('env', 'inspect', 'fact');
      expect({ code, stderr }).to.deep.equal({ code: 1, stderr: 'homeport: there is no environment fact: homeport env list shows them\n' });
    });

    it('create prints the command that starts the agent, and deploy prints it again, for any platform', async () => {
      const created = await output('env', 'create', 'warehouse', '--address', 'localhost:9443', '--allow-loopback');
      const lines = /--env EDGE_ID=\S+ \\\n {2}--env EDGE_KEY=\S+ \\\n {2}--env EDGE_INSECURE_POLL=1 \\\n {2}--pull never localhost\/homeport-agent:\S+\n$/;
      expect(created).to.match(/^Created warehouse \(\w+\)\./).and.match(lines);
      const command = await output('env', 'deploy', 'warehouse');
      expect(created.endsWith(`\n\n${command}`)).to.equal(true);
      expect(created).to.include('both localhost:9443 (polls) and localhost:');
      expect(await output('env', 'deploy', 'warehouse', '--platform', 'systemd')).to.match(/EDGE_ID=\S+\nEDGE_KEY=\S+\nEDGE_INSECURE_POLL=1\nHOMEPORT\n$/);
      expect(await output('env', 'join', 'warehouse')).to.match(/EDGE_ID=\S+ \\\n {2}EDGE_KEY=\S+ \\\n {2}EDGE_INSECURE_POLL=1 \\\n {2}homeport agent\n$/);
    });

    it('an environment with an empty name or address is refused in words', async () => {
      const create = async (...args: readonly string[]) => {
        const { code, stderr } = await server.homeport('env', 'create', ...args, '--allow-loopback');
        expect(code).to.equal(1);
        return stderr;
      };
      expect(await create('', '--address', 'localhost:9443')).to.match(/a name has 1 to 64 letters/i);
      expect(await create('empty', '--address', '')).to.match(/an address is HOST:PORT/i);
    });

    it('create says what is wrong with its input, in the server’s words', async () => {
      const { code, stderr } = await server.homeport('env', 'create', 'factory', '--address', 'localhost:9443', '--allow-loopback');
      expect(code).to.equal(1);
      expect(stderr).to.match(/^homeport: An environment named factory exists already; choose another name\.\n$/);
    });

    it('remove ends it for ever', async () => {
      await createEnvironment(server, 'doomed');
      const unasked = await server.homeport('env', 'rm', 'doomed');
      expect({ code: unasked.code, stdout: unasked.stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(unasked.stderr).to.contain('--yes');
      await output('env', 'show', 'doomed');
      expect(await output('env', 'rm', 'doomed', '--yes')).to.match(/^\w+\n$/);
      expect((await server.homeport('env', 'show', 'doomed')).code).to.equal(1);
    });
  });

  describe('events', () => {
    it('list shows who did what, and filters by type, environment and instant', async () => {
      const table = await output('events', 'list', '--environment', 'factory', '--type', 'EnvironmentCreated');
      expect(table).to.match(/^TIME +TYPE +ENVIRONMENT +ACTOR +CORRELATION +WHAT\n/);
      expect(table).to.match(new RegExp(`^\\S+Z +EnvironmentCreated +Factory +user:admin/key:\\w+ +[0-9a-f-]{36} +name=Factory`, 'm'));
      expect(table.trimEnd().split('\n')).to.have.length(2);
      expect(await output('events', 'list', '--type', 'EnvironmentCreated', '--to', '2020-01-01T00:00:00Z', '-q')).to.equal('');
    });

    it('list still finds an environment that was removed, by name and by id', async () => {
      const { id } = await createEnvironment(server, 'Shut down');
      await output('env', 'rm', 'Shut down', '--yes');
      for (const nameOrId of ['shut down', id]) {
        const types = await output('events', 'list', '--environment', nameOrId, '-o', 'name', '--category', 'environment');
        expect(types, nameOrId).to.equal('EnvironmentCreated\nEnvironmentRemoved\n');
      }
      expect((await server.homeport('events', 'list', '--environment', 'never-was')).stderr).to.match(/there is no environment never-was/);
    });

    it('list leaves polls out where asked to, before it counts to a limit', async () => {
      expect(await output('events', 'list', '-o', 'name')).to.match(/^AgentPolled$/m);
      const types = (await output('events', 'list', '-o', 'name', '--without-polls', '--reverse', '--limit', '5')).trimEnd().split('\n');
      expect(types).to.have.length(5);
      expect(types).to.not.include('AgentPolled');
    });

    it('refuses a type that does not exist, and says when nothing matches', async () => {
      for (const command of ['list', 'tail']) {
        const { code, stderr } = await server.homeport('events', command, '--type', 'tunnelopened');
        expect(code).to.equal(1);
        expect(stderr).to.match(/no event type tunnelopened; did you mean TunnelOpened\?/i);
      }
      expect((await server.homeport('events', 'list', '--stream', 'environment-none')).stderr).to.equal('homeport: nothing that was recorded matches\n');
    });

    it('list goes through more than a page, forwards and backwards, and stops at a limit', async () => {
      const all = (await output('events', 'list', '-q')).trimEnd().split('\n');
      const backwards = (await output('events', 'list', '-q', '--reverse', '--to', new Date(Date.now() + 60_000).toISOString())).trimEnd().split('\n');
      expect(backwards.slice(-all.length)).to.deep.equal(all.toReversed());
      expect((await output('events', 'list', '-q', '--limit', '3')).trimEnd().split('\n')).to.deep.equal(all.slice(0, 3));
    });

    it('tail prints what is recorded from then on, a JSON object a line, until interrupted', async () => {
      const tail = startHomeportCommand(['events', 'tail', '--json', '--category', 'environment'], server.clientEnv);
      // Whatever comes before it follows is not its business; so an event that it does print was recorded while it followed.
      const seen = await eventually('tail to follow', async () => {
        await output('env', 'create', `tailed-${Math.random().toString(36).slice(2, 8)}`, '--address', 'localhost:1', '--allow-loopback', '-q');
        return /^\{.*"type":"EnvironmentCreated".*\}$/m.exec(tail.stdout())?.[0];
      });
      expect(JSON.parse(seen)).to.have.nested.property('metadata.actor').that.matches(/^user:admin/);
      expect(tail.stdout()).to.not.contain(factory.id);
      expect((await tail.stop('SIGINT')).code).to.equal(0);
      expect(tail.stderr()).to.equal('');
    });
  });

  describe('connect', () => {
    it('runs a command against the environment’s engine, and ends with its exit code', async () => {
      const script = 'test -z "$DOCKER_CONTEXT" && curl --silent --unix-socket "${DOCKER_HOST#unix://}" http://docker/_ping; exit 7';
      const { code, stdout } = await server.homeport('connect', 'factory', '--', 'sh', '-c', script);
      expect({ code, stdout }).to.deep.equal({ code: 7, stdout: 'OK' });
    });

    it('says how a command ended that was killed, or is none', async () => {
      expect((await server.homeport('connect', 'factory', '--', 'sh', '-c', 'kill -9 $$')).code).to.equal(137);
      const { code, stderr } = await server.homeport('connect', 'factory', '--', 'no-such-command');
      expect(code).to.equal(127);
      expect(stderr).to.contain('no-such-command is not a command on this machine');
    });

    it('passes signals on to the command', async () => {
      const running = startHomeportCommand(['connect', 'factory', '--', 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'], server.clientEnv);
      await running.waitFor(/ready/);
      expect((await running.stop('SIGTERM')).code).to.equal(9);
    });

    it('without a command serves on a socket of its owner alone until interrupted, and leaves nothing behind', async () => {
      const running = startHomeportCommand(['connect', 'factory'], server.clientEnv);
      const [, socketPath = ''] = await running.waitFor(/^export DOCKER_HOST=unix:\/\/(\S+)$/m);
      expect(statSync(socketPath).mode & 0o777).to.equal(0o600);
      expect(statSync(path.dirname(socketPath)).mode & 0o777).to.equal(0o700);
      const outgoing = request({ socketPath, path: '/v1.41/info' }).end();
      const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
      expect(await text(response)).to.equal('{"url":"/v1.41/info"}');
      expect((await running.stop('SIGINT')).code).to.equal(0);
      expect(() => statSync(path.dirname(socketPath))).to.throw(/ENOENT/);
    });

    it('listens on a loopback port where asked to, and on no other address', async () => {
      const running = startHomeportCommand(['connect', 'factory', '--listen', '127.0.0.1:0'], server.clientEnv);
      const [, url = ''] = await running.waitFor(/^export DOCKER_HOST=tcp:\/\/(127\.0\.0\.1:\d+)$/m);
      expect(await (await fetch(`http://${url}/_ping`)).text()).to.equal('OK');
      await running.stop();
      const { code, stderr } = await server.homeport('connect', 'factory', '--listen', '0.0.0.0:2375');
      expect(code).to.equal(2);
      expect(stderr).to.contain('is not on loopback');
    });

    it('says at once that an agent has never polled', async () => {
      await createEnvironment(server, 'silent');
      const { code, stdout, stderr } = await server.homeport('connect', 'silent', '--', 'echo', 'ran');
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.equal('homeport: the agent of silent has never polled: start it (homeport env deploy silent shows how), or look at its log\n');
    });
  });
});
