/** Commands on a data directory, with its server and without it: history, replay, and the read models made anew. */
import { readdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { createEnvironment, runHomeport, startHomeport, startHomeportCommand, type HomeportServer } from '../support/homeport.ts';
import { expectReadModelsAsReplayed } from '../support/replayed-read-models.ts';

describe('a data directory', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  /** When both environments were there. */
  let both: string;
  before(async () => {
    server = await startHomeport();
    await server.signIn();
    for (const name of ['Factory', 'Harbour']) await createEnvironment(server, name);
    both = new Date().toISOString();
    await server.homeport('env', 'set', 'harbour', '--name', 'Port', '--tag', 'sea', '--poll-interval', '1m');
    await server.homeport('env', 'rm', 'factory', '--yes');
    listing = ['list', '-o', 'wide', '--changes', '--to', new Date().toISOString()];
  });
  after(() => server.remove());

  const onDirectory = (...args: string[]) => runHomeport([...args, '--data-dir', server.dataDir]);
  const told = { listing: '', replay: '' };
  let listing: readonly string[];

  describe('beside its server', () => {
    it('has its history told as the server tells it', async () => {
      const beside = await onDirectory('events', ...listing);
      expect(beside.code, beside.stderr).to.equal(0);
      expect(beside.stdout).to.match(/EnvironmentRenamed +Port +user:admin\/key:\w+ .* name=Port$/m).and.not.match(/AgentPolled|CheckpointSigned/);
      expect((await server.homeport('events', ...listing)).stdout).to.equal(beside.stdout);
      told.listing = beside.stdout;
    });

    it('is replayed as of an instant, the same as from elsewhere, and now as the read models show it', async () => {
      const beside = await onDirectory('replay', '--as-of', both);
      expect(beside.stderr).to.match(/^homeport: as of \S+Z there were 2 environments; from \d+ events, the last of them recorded at \S+Z, position \d+\n$/);
      expect(beside.stdout).to.match(/^NAME +ID +STATUS +TUNNEL +TUNNEL SINCE +LAST POLL +TAGS\nFactory +\w+ +unassociated +closed .*\nHarbour +\w+ +unassociated +closed +- +- +-\n$/);
      expect((await server.homeport('replay', '--as-of', both)).stdout).to.equal(beside.stdout);
      told.replay = beside.stdout;
      const [port, ...others] = JSON.parse((await server.homeport('replay', '--as-of', new Date().toISOString(), '--json')).stdout) as Record<string, unknown>[];
      const [shown] = JSON.parse((await server.homeport('env', 'list', '--json')).stdout) as Record<string, unknown>[];
      expect(others).to.deep.equal([]);
      expect(port).to.deep.include({ id: shown?.['id'], name: 'Port', tags: ['sea'], pollIntervalSeconds: 60, approximate: [], createdAt: shown?.['createdAt'] });
    });

    it('has its read models made anew, and nothing of it lies about', async () => {
      const shown = (await server.homeport('env', 'list', '-o', 'wide')).stdout;
      expect((await onDirectory('projections', 'rebuild')).stdout).to.match(/^Rebuilt the read models from \d+ events in [\d.]+ s\.\n$/);
      expect((await server.homeport('env', 'list', '-o', 'wide')).stdout).to.equal(shown);
      expect(readdirSync(`${server.dataDir}/read-models`).filter((name) => name.includes('.rebuild'))).to.deep.equal([]);
    });
  });

  describe('without its server', () => {
    before(() => server.stop());

    it('has the same history, also of environments that are no more', async () => {
      expect((await onDirectory('events', ...listing)).stdout).to.equal(told.listing);
      // By the name that one has now, and by one that is no more.
      for (const [name, types] of [
        ['port', 'EnvironmentCreated\nEnvironmentRenamed\nEnvironmentTagged\nPollIntervalChanged\n'],
        ['Factory', 'EnvironmentCreated\nEnvironmentRemoved\n'],
      ] as const) {
        expect((await onDirectory('events', 'list', '--environment', name, '--category', 'environment', '-o', 'name')).stdout).to.equal(types);
      }
      const nobody = await onDirectory('events', 'list', '--environment', 'nobody');
      expect([nobody.code, nobody.stderr]).to.deep.equal([1, 'homeport: there is no environment nobody: nothing that was recorded names one\n']);
      const json = JSON.parse((await onDirectory('events', 'list', '--json', '--type', 'EnvironmentCreated,EnvironmentRemoved', '--reverse')).stdout) as { type: string }[];
      expect(json.map(({ type }) => type)).to.deep.equal(['EnvironmentRemoved', 'EnvironmentCreated', 'EnvironmentCreated']);
      expect((await onDirectory('events', 'list', '--json', '--actor', 'nobody')).stdout).to.equal('[]\n');
    });

    it('is replayed the same, and shows nothing of a time before it', async () => {
      expect((await onDirectory('replay', '--as-of', both)).stdout).to.equal(told.replay);
      const early = await onDirectory('replay', '--as-of', '2020-01-01', '-o', 'name');
      expect([early.code, early.stdout, early.stderr]).to.deep.equal([0, '', 'homeport: as of 2020-01-01T00:00:00.000Z there were 0 environments; nothing was recorded by then\n']);
      const later = await onDirectory('replay', '--as-of', '2999-01-01');
      expect([later.code, later.stdout]).to.deep.equal([2, '']);
      expect(later.stderr).to.match(/^homeport: --as-of 2999-01-01T00:00:00.000Z lies in the future: here it is \S+Z\. Give an instant up to now/);
    });

    it('has its read models made anew, also where they are gone or broken', async () => {
      writeFileSync(`${server.dataDir}/read-models/read-models.db`, 'broken');
      const { code, stdout, stderr } = await onDirectory('projections', 'rebuild', '--json');
      expect(code, stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.have.property('events').that.is.above(5);
      await expectReadModelsAsReplayed(server.dataDir);
    });

    it('is followed until a server records something, which may start meanwhile', async () => {
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
  });

  it('is asked in one place', async () => {
    const { code, stderr } = await runHomeport(['events', 'list', '--data-dir', server.dataDir, '--url', server.url]);
    expect([code, stderr]).to.deep.equal([2, 'homeport: --url and --data-dir name two places: give one of them\n']);
    const nowhere = await runHomeport(['events', 'list', '--data-dir', `${server.dataDir}/tls`]);
    expect([nowhere.code, nowhere.stderr]).to.deep.equal([1, `homeport: ${server.dataDir}/tls holds no Homeport data: name the folder that serve was given as --data-dir\n`]);
  });
});
