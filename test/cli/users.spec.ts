/** `homeport user` and `homeport api-key`, against a real server: accounts, keys, and what each may do. */
import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createRest } from '../e2e/docker/support/rest.ts';
import type { Rest } from '../e2e/docker/support/rest.ts';
import { runHomeport, startHomeport } from '../support/homeport.ts';
import type { HomeportServer } from '../support/homeport.ts';
import type { Finished } from '../support/child-process.ts';
import { findSecrets } from '../support/secret-search.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const PASSWORD = 'correct horse battery';

describe('homeport user and homeport api-key', function () {
  this.timeout(30_000);
  let server: HomeportServer;
  let folder: TemporaryFolder;
  before(async () => {
    folder = createTemporaryFolder();
    server = await startHomeport();
    await server.signIn();
  });
  after(async () => {
    await server.remove();
    folder.remove();
  });

  const user = (args: readonly string[], input = `${PASSWORD}\n`): Promise<Finished> => runHomeport(['user', ...args, '--data-dir', server.dataDir], { input });
  /** What a command shows. */
  const shown = async (finished: Promise<Finished>): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await finished;
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const signIn = async (username: string, password = PASSWORD): Promise<{ readonly rest: Rest; readonly headers: Record<string, string>; readonly status: number }> => {
    const rest = createRest(server);
    const { status, headers } = await rest.call('POST', '/api/v1/sessions', { body: { username, password } });
    return { rest, status, headers: { cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '', 'x-homeport-csrf': '1' } };
  };

  it('makes an operator who reaches what is granted, whose key reaches no further, and who is out at once when removed', async () => {
    const ann = await shown(user(['add', 'ann', 'operator', '--grant', 'eu=read,lab', '--json']));
    expect(ann).to.deep.include({ username: 'ann', role: 'operator', grants: [{ tag: 'eu', access: 'read' }, { tag: 'lab', access: 'full' }] });
    for (const tag of ['eu', 'us']) expect((await server.homeport('env', 'create', `in-${tag}`, '--address', 'h.example.com:9443', '--tag', tag)).code).to.equal(0);
    const { rest, headers } = await signIn('ann');
    const made = await rest.call('POST', '/api/v1/api-keys', { headers, body: { name: 'k', role: 'operator' } });
    const { secret } = JSON.parse(made.body) as { secret: string };
    const asAnn = (...args: readonly string[]) => runHomeport([...args, '--url', server.url, '--ca-file', path.join(server.dataDir, 'tls', 'ca.pem'), '--api-key', secret], { input: `${PASSWORD}\n` });
    expect((await asAnn('env', 'list', '-o', 'name')).stdout).to.equal('in-eu\n');
    expect((await asAnn('env', 'show', 'in-us')).stderr).to.include('there is no environment in-us');
    expect((await asAnn('events', 'list', '--category', 'user')).stdout).not.to.include('UserCreated');

    const key = await shown(asAnn('api-key', 'create', 'ci', 'auditor', '--expires-in', '1h', '--json'));
    expect(key).to.include({ name: 'ci', role: 'auditor', username: 'ann' });
    expect((await asAnn('api-key', 'create', 'more', 'admin')).stderr).to.include('higher role');
    expect((await asAnn('api-key', 'list', '-q')).stdout.split('\n')).to.include(String(key['id']));
    expect((await server.homeport('api-key', 'revoke', String(key['id']), '--yes')).code).to.equal(0);
    expect((await server.homeport('api-key', 'list', '-q')).stdout).not.to.include(String(key['id']));

    expect((await user(['remove', 'ann', '--yes'])).code).to.equal(0);
    expect((await asAnn('whoami')).stderr).to.include('does not accept this sign-in');
    expect((await rest.call('GET', '/api/v1/sessions/current', { headers })).status).to.equal(401);
    const history = (await server.homeport('events', 'list', '--json', '--without-polls')).stdout;
    for (const type of ['UserCreated', 'GrantChanged', 'SignedIn', 'ApiKeyCreated', 'ApiKeyUsed', 'ApiKeyRevoked', 'UserRemoved', 'SignInRefused']) expect(history, type).to.include(type);
    expect(findSecrets({ password: PASSWORD, key: secret, session: headers['cookie'] ?? '' }, { history, log: server.process.stderr() })).to.deep.equal([]);
  });

  it('changes roles by name, lists accounts, and refuses what makes no sense', async () => {
    await shown(user(['add', 'bob', 'auditor', '--json']));
    expect(await shown(user(['set-role', 'BOB', 'operator', '--grant', '*=read', '--json']))).to.deep.include({ role: 'operator', grants: [{ tag: '*', access: 'read' }] });
    expect(await shown(user(['set-role', 'bob', 'auditor', '--json']))).to.deep.include({ role: 'auditor', grants: [] });
    expect((await user(['list'])).stdout).to.match(/^NAME +ID +ROLE +GRANTS +LAST SIGN-IN\nadmin .*admin.*\nbob .*auditor/);
    expect((await user(['add', 'carl', 'auditor'], 'short\n')).stderr).to.include('at least 12 characters');
    expect((await user(['add', 'carl', 'boss'])).code).to.equal(2);
    expect((await user(['add', 'carl', 'auditor', '--grant', 'eu=write'])).code).to.equal(2);
    expect((await user(['set-role', 'nobody', 'auditor'])).stderr).to.include('there is no user nobody');
    expect((await user(['set-role', 'admin', 'auditor'])).stderr).to.include('last admin');
  });

  it('refuses a change that another has overtaken, and gives who changes their own password another session', async () => {
    const { rest, headers } = await signIn('bob');
    const { id } = (await shown(user(['set-role', 'bob', 'auditor', '--json']))) as { id: string };
    const one = await rest.call('GET', `/api/v1/users/${id}`, { headers });
    const change = (body: object, more: Record<string, string> = {}) => rest.call('PATCH', `/api/v1/users/${id}`, { headers: { ...headers, ...more }, body });
    const next = { password: 'another good one', currentPassword: PASSWORD };
    expect((await change(next, { 'if-match': '"older"' })).status).to.equal(412);
    expect((await change(next, { origin: 'https://evil.example' })).status).to.equal(403);
    const changed = await change(next, { 'if-match': one.headers.etag ?? '' });
    expect(changed.status).to.equal(200);
    expect((await rest.call('GET', '/api/v1/sessions/current', { headers })).status).to.equal(401);
    const renewed = { cookie: changed.headers['set-cookie']?.[0]?.split(';')[0] ?? '', 'x-homeport-csrf': '1' };
    const sessions = JSON.parse((await rest.call('GET', '/api/v1/sessions', { headers: renewed })).body) as { items: { id: string; isCurrent: boolean; username: string }[] };
    expect(sessions.items.filter(({ isCurrent, username }) => isCurrent && username === 'bob')).to.have.length(1);
    const current = sessions.items.find(({ isCurrent }) => isCurrent)?.id ?? '';
    expect((await rest.call('DELETE', `/api/v1/sessions/${current}`, { headers: renewed })).status).to.equal(204);
    expect((await rest.call('GET', '/api/v1/sessions', { headers: renewed })).status).to.equal(401);
  });

  it('gives back the way in without a running server, and deletes the first password once it is changed', async () => {
    const file = path.join(server.dataDir, 'initial-admin-password');
    expect(existsSync(file)).to.equal(true);
    await server.stop();
    // As who keeps the keys on another volume.
    const [keyFile, checkpointKeyFile] = ['installation.key', 'checkpoint.key'].map((name) => path.join(folder.path, name)) as [string, string];
    for (const file of [keyFile, checkpointKeyFile]) renameSync(path.join(server.dataDir, 'keys', path.basename(file)), file);
    const keys = ['--key-file', keyFile, '--checkpoint-key-file', checkpointKeyFile];
    expect((await user(['list'])).stderr).to.include('installation.key is missing');
    const { code, stderr } = await user(['set-password', 'admin', '--json', ...keys], 'a way back in again\n');
    expect(code, stderr).to.equal(0);
    expect(existsSync(file)).to.equal(false);
    const again = await startHomeport({ dataDir: server.dataDir, flags: keys });
    try {
      const { status } = await createRest(again).call('POST', '/api/v1/sessions', { body: { username: 'admin', password: 'a way back in again' } });
      expect(status).to.equal(201);
    } finally {
      await again.remove();
    }
  });
});
