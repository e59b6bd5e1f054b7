/** The audit port of a running Homeport: auditors use their API keys, and fewer than thirty lines of their own print history live. */
import { EventStoreDBClient } from '@eventstore/db-client';
import { expect } from 'chai';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createApi, type Api } from '../e2e/failures/support/api.ts';
import { startProcess, type RunningProcess } from '../support/child-process.ts';
import { createEnvironment, startHomeport, type HomeportServer } from '../support/homeport.ts';

interface ApiKey {
  readonly id: string;
  readonly secret: string;
}


const program = fileURLToPath(new URL('../../docs/examples/history.mjs', import.meta.url));

describe('the audit port of a running Homeport', () => {
  let server: HomeportServer;
  let api: Api;
  let audit = '';
  let key: ApiKey;

  before(async () => {
    server = await startHomeport({ flags: ['--audit-port', '0'] });
    await server.signIn();
    audit = (JSON.parse(/^\{"ready":true.*\}$/m.exec(server.process.stdout())?.[0] ?? '{}') as { audit?: string }).audit ?? '';
    api = await createApi(server);
    key = await makeKey('audit', 'auditor');
  });
  after(() => server.remove());

  async function makeKey(name: string, role: string): Promise<ApiKey> {
    const { status, body } = await api.call('POST', '/api-keys', { name, role });
    expect(status).to.equal(201);
    return body as ApiKey;
  }

  const connect = (username: string, password: string): EventStoreDBClient => EventStoreDBClient.connectionString(audit.replace('esdb://', `esdb://${username}:${encodeURIComponent(password)}@`));

  async function outcome(username: string, password: string): Promise<string> {
    const client = connect(username, password);
    try {
      let count = 0;
      for await (const { event } of client.readAll({ maxCount: 3 })) count += event === undefined ? 0 : 1;
      return count > 0 ? 'read' : 'nothing';
    } catch (error) {
      return String((error as { type?: string }).type);
    } finally {
      await client.dispose();
    }
  }

  it('is named in the ready line with the authority to trust, and without a password', () => {
    expect(audit).to.match(/^esdb:\/\/127\.0\.0\.1:\d+\?tlsCAFile=.*ca\.pem$/);
  });

  it('lets in an account by its name and an API key that may read history, and nobody else', async () => {
    const operators = await makeKey('operator', 'operator');
    const metrics = await makeKey('metrics', 'metrics');
    expect(await outcome('admin', key.secret)).to.equal('read');
    expect(await outcome('Admin', key.secret)).to.equal('read');
    expect(await outcome('admin', operators.secret)).to.equal('read');
    expect(await outcome('admin', metrics.secret)).to.equal('access-denied');
    expect(await outcome('admin', server.admin?.password ?? ''), 'the account’s own password').to.equal('access-denied');
    expect(await outcome('someone', key.secret), 'another name').to.equal('access-denied');
    expect(await outcome('admin', `${key.secret.slice(0, -1)}_`), 'another key').to.equal('access-denied');
  });

  it('ends what a key has open at the moment it is revoked, and refuses it from then on', async () => {
    const brief = await makeKey('brief', 'auditor');
    const client = connect('admin', brief.secret);
    const subscription = client.subscribeToAll();
    subscription.resume();
    await once(subscription, 'caughtUp');
    const ended = once(subscription, 'error').catch((error: unknown) => [error]);
    expect((await api.call('DELETE', `/api-keys/${brief.id}`)).status).to.equal(204);
    expect((await ended)[0]).to.include({ type: 'access-denied' });
    await client.dispose();
    expect(await outcome('admin', brief.secret)).to.equal('access-denied');
  });

  it('lets a program of fewer than thirty lines print an environment’s history, and then what happens live', async () => {
    const factory = await createEnvironment(server, 'factory');
    await createEnvironment(server, 'elsewhere');
    const printing: RunningProcess = startProcess(process.execPath, [program, audit.replace('esdb://', `esdb://admin:${key.secret}@`), factory.id]);
    try {
      await printing.waitFor(/EnvironmentCreated .*"name":"factory"/);
      await printing.waitFor(/-- live --/);
      expect((await api.call('PATCH', `/environments/${factory.id}`, { name: 'plant' })).status).to.equal(200);
      await printing.waitFor(/EnvironmentRenamed user:admin\S* .*"plant"/);
      expect(printing.stdout()).to.not.match(/elsewhere/);
    } finally {
      await printing.stop();
    }
  });

  it('shows secrets to nobody', async () => {
    const client = connect('admin', key.secret);
    let text = '';
    for await (const { event } of client.readAll()) text += JSON.stringify(event?.data);
    await client.dispose();
    expect(text).to.match(/"sealed":/);
    expect(text).to.not.include(key.secret);
    expect(text).to.not.include(server.admin?.password ?? '?');
  });

  it('lets that program go on where it was, without gap or repeat, after the server was killed and started again', async () => {
    const depot = await createEnvironment(server, 'depot');
    const printing: RunningProcess = startProcess(process.execPath, [program, audit.replace('esdb://', `esdb://admin:${key.secret}@`), depot.id]);
    let again: HomeportServer | undefined;
    try {
      await printing.waitFor(/-- live --/);
      await server.kill();
      again = await startHomeport({ dataDir: server.dataDir, httpsPort: server.httpsPort, flags: ['--audit-port', /:(\d+)\?/.exec(audit)?.[1] ?? ''] });
      expect((await api.call('PATCH', `/environments/${depot.id}`, { name: 'yard' })).status).to.equal(200);
      await printing.waitFor(/EnvironmentRenamed .*"yard"/, 30_000);
      expect(printing.stdout().match(/EnvironmentCreated/g)).to.have.lengthOf(1);
      expect(printing.stdout().match(/EnvironmentRenamed/g)).to.have.lengthOf(1);
    } finally {
      await printing.stop();
      await again?.remove();
    }
  }).timeout(60_000);
});
