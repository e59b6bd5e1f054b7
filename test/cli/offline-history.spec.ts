/** History from a data directory, with its server and without it, and how much of a fleet a table asks for. */
import { expect } from 'chai';
import { createEnvironment, runHomeport, startHomeport, startHomeportCommand, type HomeportServer } from '../support/homeport.ts';

describe('history from a data directory', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  before(async () => {
    server = await startHomeport();
    await server.signIn();
    for (const name of ['Factory', 'Harbour']) await createEnvironment(server, name);
    await server.homeport('env', 'set', 'harbour', '--name', 'Port', '--tag', 'sea', '--poll-interval', '1m');
    await server.homeport('env', 'rm', 'factory', '--yes');
  });
  after(() => server.remove());

  const events = (...args: string[]) => runHomeport(['events', ...args, '--data-dir', server.dataDir]);

  it('is the same beside the server, without it, and from the server itself; without it nothing is locked', async () => {
    const args = ['list', '-o', 'wide', '--changes', '--to', new Date().toISOString()];
    const beside = await events(...args);
    expect(beside.code, beside.stderr).to.equal(0);
    expect(beside.stdout).to.match(/EnvironmentRenamed +Port +user:admin\/key:\w+ .* name=Port$/m).and.not.match(/AgentPolled|CheckpointSigned/);
    expect((await server.homeport('events', ...args)).stdout).to.equal(beside.stdout);
    await server.stop();
    expect((await events(...args)).stdout).to.equal(beside.stdout);
    // By the name that one has now, and by one that is no more.
    for (const [name, types] of [
      ['port', 'EnvironmentCreated\nEnvironmentRenamed\nEnvironmentTagged\nPollIntervalChanged\n'],
      ['Factory', 'EnvironmentCreated\nEnvironmentRemoved\n'],
    ] as const) {
      expect((await events('list', '--environment', name, '--category', 'environment', '-o', 'name')).stdout).to.equal(types);
    }
    const nobody = await events('list', '--environment', 'nobody');
    expect([nobody.code, nobody.stderr]).to.deep.equal([1, 'homeport: there is no environment nobody: nothing that was recorded names one\n']);
    const json = JSON.parse((await events('list', '--json', '--type', 'EnvironmentCreated,EnvironmentRemoved', '--reverse')).stdout) as { type: string }[];
    expect(json.map(({ type }) => type)).to.deep.equal(['EnvironmentRemoved', 'EnvironmentCreated', 'EnvironmentCreated']);
    expect((await events('list', '--json', '--actor', 'nobody')).stdout).to.equal('[]\n');

    const tail = startHomeportCommand(['events', 'tail', '--data-dir', server.dataDir, '--type', 'SignedIn', '-o', 'name', '--from', new Date().toISOString()]);
    const again = await startHomeport({ dataDir: server.dataDir });
    try {
      const { code } = await runHomeport(['login', again.url, '--username', 'admin', '--ca-file', `${server.dataDir}/tls/ca.pem`], { env: again.clientEnv, input: `${server.admin?.password ?? ''}\n` });
      expect(code).to.equal(0);
      await tail.waitFor(/^SignedIn$/m);
      expect((await tail.stop('SIGINT')).code).to.equal(0);
    } finally {
      await tail.stop('SIGKILL');
      await again.remove();
    }
  });

  it('is asked for in one place', async () => {
    const { code, stderr } = await runHomeport(['events', 'list', '--data-dir', server.dataDir, '--url', server.url]);
    expect([code, stderr]).to.deep.equal([2, 'homeport: --url and --data-dir name two places: give one of them\n']);
    const nowhere = await runHomeport(['events', 'list', '--data-dir', `${server.dataDir}/tls`]);
    expect([nowhere.code, nowhere.stderr]).to.deep.equal([1, `homeport: ${server.dataDir}/tls holds no Homeport data: name the folder that serve was given as --data-dir\n`]);
  });
});
