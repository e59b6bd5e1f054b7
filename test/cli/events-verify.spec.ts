/** `homeport events verify` as its users run it: beside a real server, after it, and after somebody was there. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { createEnvironment, runHomeport, startHomeport, type HomeportServer } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('events verify', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let folder: TemporaryFolder;
  before(async () => {
    folder = createTemporaryFolder();
    server = await startHomeport();
    await server.signIn();
    for (const name of ['Factory', 'Harbour', 'Quarry']) await createEnvironment(server, name);
  });
  after(async () => {
    await server.remove();
    folder.remove();
  });
  const verify = (...args: string[]) => runHomeport(['events', 'verify', '--data-dir', server.dataDir, ...args]);

  it('proves the record beside the running server, by the checkpoint of its end, and names what somebody altered', async () => {
    const beside = await verify('--json');
    expect(beside.code, beside.stderr).to.equal(0);
    expect(JSON.parse(beside.stdout)).to.deep.include({ ok: true, problems: [], first: null });

    await server.stop();
    // What a tap or an auditor would have kept.
    const database = new DatabaseSync(path.join(server.dataDir, 'events.db'));
    const signed = database.prepare("SELECT data FROM events JOIN types ON types.id = events.type WHERE types.name = 'CheckpointSigned'").all();
    const kept = path.join(folder.path, 'checkpoints.ndjson');
    writeFileSync(kept, signed.map(({ data }) => `${String(data)}\n`).join(''));
    const after = await verify('--checkpoints', kept);
    expect(after.code, after.stderr).to.equal(0);
    expect(after.stdout).to.match(/^The record is as it was recorded\.\n/).and.to.match(/checkpoints +1 of 1 kept elsewhere fit, 1 of 1 in the log/);

    expect(after.stdout).to.match(/proven by +the checkpoint of .*, which was kept elsewhere; 1 event came after it\n/);
    const forged = path.join(folder.path, 'forged.ndjson');
    writeFileSync(forged, readFileSync(kept, 'utf8').replace('"events":', '"events":1'));
    const unusable = await verify('--checkpoints', forged);
    expect([unusable.code, unusable.stdout.split('\n')[0]]).to.deep.equal([1, 'The record is as it was recorded.']);
    expect(unusable.stderr).to.include('it was altered itself').and.to.include('proves nothing of the record').and.to.not.include('keep this data directory');

    const created = database.prepare("SELECT position, events.id AS id FROM events JOIN types ON types.id = events.type WHERE types.name = 'EnvironmentCreated' ORDER BY position LIMIT 1 OFFSET 1").get();
    const position = Number(created?.['position']);
    database.exec(`UPDATE events SET data = replace(data, 'Harbour', 'Airport') WHERE position = ${position}`);
    database.close();
    const altered = await verify('--json');
    expect(altered.code).to.equal(1);
    expect(altered.stderr).to.include(`position ${position}`).and.to.include('is not as it was recorded');
    const { ok, first } = JSON.parse(altered.stdout) as { ok: boolean; first: { kind: string; event: unknown } };
    expect({ ok, kind: first.kind }).to.deep.equal({ ok: false, kind: 'altered' });
    expect(first.event).to.deep.include({ position, type: 'EnvironmentCreated', id: created?.['id'] });
    expect((await verify()).stdout).to.match(/^The record was altered: 1 thing is wrong\./).and.not.to.include('proven by');
  });

  it('says what is wrong with what it was given', async () => {
    const nowhere = await runHomeport(['events', 'verify', '--data-dir', folder.path]);
    expect([nowhere.code, nowhere.stderr]).to.deep.equal([1, `homeport: ${folder.path} holds no Homeport data: name the folder that serve was given as --data-dir\n`]);
    const missing = await verify('--checkpoints', path.join(folder.path, 'nothing'));
    expect([missing.code, missing.stderr.includes("can't be read")]).to.deep.equal([1, true]);
    const empty = path.join(folder.path, 'empty');
    writeFileSync(empty, '\n');
    const none = await verify('--checkpoints', empty);
    expect([none.code, none.stderr.includes('holds no checkpoint')]).to.deep.equal([1, true]);
    expect((await verify('--public-key', 'short')).code).to.equal(2);
    writeFileSync(path.join(folder.path, 'event-store-kind'), 'eventstoredb\n');
    expect((await runHomeport(['events', 'verify', '--data-dir', folder.path])).stderr).to.include('records in an EventStoreDB');
  });
});
