/** `events export`, `events verify --file` and `events import` as their users run them: by URL, beside a server, and without one. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { startFront } from '../audit/support/front-under-test.ts';
import { createEnvironment, type HomeportServer, type JoinableEnvironment, runHomeport, startHomeport } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

interface Line {
  readonly id?: string;
  readonly stream: string;
  readonly type: string;
}

describe('moving events', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let folder: TemporaryFolder;
  let harbour: JoinableEnvironment;
  before(async () => {
    folder = createTemporaryFolder();
    server = await startHomeport();
    await server.signIn();
    await createEnvironment(server, 'Factory');
    harbour = await createEnvironment(server, 'Harbour');
  });
  after(async () => {
    await server.remove();
    folder.remove();
  });
  const at = (name: string): string => path.join(folder.path, name);
  const eventsIn = (text: string): Line[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Line).filter(({ id }) => id !== undefined);

  it('leave a running server by REST and by its data directory alike, filtered too, and prove themselves', async () => {
    const byRest = await server.homeport('events', 'export', at('rest'));
    expect(byRest.code, byRest.stderr).to.equal(0);
    expect(statSync(at('rest')).mode & 0o777).to.equal(0o600);
    const beside = await runHomeport(['events', 'export', '--data-dir', server.dataDir]);
    expect(beside.code, beside.stderr).to.equal(0);
    const events = eventsIn(beside.stdout);
    expect(eventsIn(readFileSync(at('rest'), 'utf8'))).to.deep.equal(events);
    expect(events.filter(({ type }) => type === 'EnvironmentCreated')).to.have.lengthOf(2);

    const one = await server.homeport('events', 'export', at('one'), '--environment', 'harbour');
    expect(one.code, one.stderr).to.equal(0);
    expect(eventsIn(readFileSync(at('one'), 'utf8')).map(({ stream, type }) => [stream, type])).to.deep.equal([[`environment-${harbour.id}`, 'EnvironmentCreated']]);
    const verified = await runHomeport(['events', 'verify', '--file', at('one')]);
    expect(verified.code, verified.stderr).to.equal(0);
    expect(verified.stdout).to.match(/^The record is as it was recorded\.\n/).and.to.include(`of a part: {"environmentId":"${harbour.id}"}`);

    for (const source of [[], ['--data-dir', server.dataDir]]) {
      const unknown = await server.homeport('events', 'export', at('none'), '--type', 'environmentcreated', ...source);
      expect([unknown.code, /did you mean EnvironmentCreated\?/.test(unknown.stderr)], unknown.stderr).to.deep.equal([1, true]);
    }

    writeFileSync(at('changed'), readFileSync(at('rest'), 'utf8').replace('"name":"Harbour"', '"name":"Airport"'));
    const altered = await runHomeport(['events', 'verify', '--file', at('changed')]);
    expect([altered.code, /is not as it was recorded/.test(altered.stderr)]).to.deep.equal([1, true]);
  });

  it('come into an empty data directory of an installation without a server, and not twice', async () => {
    await server.stop();
    expect((await runHomeport(['events', 'export', at('all'), '--data-dir', server.dataDir])).code).to.equal(0);
    const imported = await runHomeport(['events', 'import', at('all'), '--data-dir', at('twin'), '--json']);
    expect(imported.code, imported.stderr).to.equal(0);
    expect(JSON.parse(imported.stdout)).to.deep.include({ isAsItWas: true, renumbered: [], problem: null });
    const again = await runHomeport(['events', 'import', at('all'), '--data-dir', at('twin')]);
    expect([again.code, again.stderr]).to.deep.equal([1, `homeport: ${at('twin')} holds an event log already, up to position ${/up to position (\d+)/.exec(again.stderr)?.[1] ?? ''}. Name another --data-dir\n`]);
    const front = await startFront({ mayWrite: true });
    try {
      const moved = await runHomeport(['events', 'import', at('all'), '--event-store', front.connectionString, '--data-dir', at('moved')]);
      expect([moved.code, /^Imported \d+ events in \d+ streams; each stream's count and digest are those of the export\./.test(moved.stdout)], moved.stderr).to.deep.equal([0, true]);
      const back = await runHomeport(['events', 'export', '--data-dir', at('moved'), '--event-store', front.connectionString]);
      expect(eventsIn(back.stdout).at(-1)?.type, back.stderr).to.equal('EventsImported');
    } finally {
      await front.close();
    }
    const [one, other] = await Promise.all([server.dataDir, at('twin')].map((dataDir) => runHomeport(['events', 'export', '--data-dir', dataDir])));
    expect(eventsIn(one?.stdout ?? '')).to.deep.equal(eventsIn(other?.stdout ?? ''));
    expect((await runHomeport(['events', 'import', at('all'), '--event-store', 'http://x'])).code).to.equal(2);
  });
});
