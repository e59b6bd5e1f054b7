/** Snapshots of engines that lie, stall and flood: the agent takes what it can, says what it could not, and keeps to its bounds. */
import * as http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import { takeSnapshot } from '../../../agent/snapshot/take-snapshot.ts';
import { Snapshot } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import { SNAPSHOT_BYTES } from '../../../proto/snapshot-limits.ts';
import { canonicalText, snapshotBytesAtMost, type SnapshotContent } from '../../../services/domain/snapshot.ts';
import { snapshotReportOf } from '../../../services/polls/snapshot-messages.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';

type Answers = Readonly<Record<string, unknown>>;

/** Only what never answers may run into these. */
const timing = { sectionMs: 4000, diskUseMs: 300 };
const info = { Name: 'node', NCPU: 4, MemTotal: 1024, Containers: 60_000 };
const engine: Answers = {
  '/version': { Version: '28.0.0', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64' },
  '/info': info,
  '/containers/json': [],
  '/images/json': [],
  '/volumes': { Volumes: [] },
  '/networks': [],
  '/system/df': { LayersSize: 5 },
};

describe('a snapshot of a hostile engine', () => {
  let folder: TemporaryFolder;
  let server: http.Server;
  let answers: Answers;

  beforeEach(async () => {
    folder = createTemporaryFolder();
    answers = engine;
    server = http.createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://engine');
      const answer = answers[url.pathname];
      if (answer === 'never') return;
      if (typeof answer === 'function') return void response.end(JSON.stringify((answer as (limit: number) => unknown)(Number(url.searchParams.get('limit')))));
      if (answer === undefined) response.statusCode = 404;
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    server.listen(path.join(folder.path, 'engine.sock'));
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    folder.remove();
  });

  const take = () => takeSnapshot({ socketPath: path.join(folder.path, 'engine.sock'), keepsSecrets: false, signal: new AbortController().signal, timing });

  function contentOf(snapshot: Snapshot): SnapshotContent {
    const report = snapshotReportOf(Snapshot.decode(Snapshot.encode(snapshot).finish()), true);
    if (report.kind !== 'taken') throw new Error(report.reason);
    return report.content;
  }

  it('cuts huge lists, says how many there were, and leaves small ones whole', async () => {
    const container = (index: number) => ({ Id: index.toString(16).padStart(64, '0'), Names: [`/c${String(index)}`], State: 'running', Image: 'x'.repeat(60) });
    answers = {
      ...engine,
      '/containers/json': (limit: number) => Array.from({ length: limit === 0 ? 60_000 : limit }, (_none, index) => container(index)),
      '/images/json': Array.from({ length: 9000 }, (_none, index) => ({ Id: `sha256:${String(index).padStart(64, '0')}`, RepoTags: [`t:${String(index)}`], Size: 1 })),
      '/networks': [{ Id: 'n1', Name: 'bridge' }],
    };
    const snapshot = await take();
    expect(Snapshot.encode(snapshot).finish().length).to.be.at.most(SNAPSHOT_BYTES);
    const content = contentOf(snapshot);
    expect(Buffer.byteLength(JSON.stringify(content))).to.be.at.most(snapshotBytesAtMost);
    expect(content.networks).to.have.length(1);
    expect(content.truncated['containers']).to.include({ of: 60_000, kept: content.containers.length });
    expect(content.truncated['images']).to.include({ of: 9000, kept: content.images.length });
    expect(content.images.length).to.be.above(1000);
  });

  it('says of how many containers it knows the variables: of the first five hundred, and of none that is gone', async () => {
    const idOf = (index: number): string => index.toString(16).padStart(64, '0');
    const list = Array.from({ length: 520 }, (_none, index) => ({ Id: idOf(index), Names: [`/c${String(index)}`], State: 'running' }));
    const inspected = Object.fromEntries(list.map(({ Id }) => [`/containers/${Id}/json`, { Config: { Env: ['TZ=UTC'] } }]));
    answers = { ...engine, ...inspected, '/containers/json': list };
    const content = contentOf(await take());
    expect(content.truncated).to.deep.equal({ containerEnv: { kept: 500, of: 520 } });
    expect(content.containers.filter(({ env }) => env?.['TZ'] === 'UTC')).to.have.length(500);
    expect(content.containers.filter(({ env }) => env === null)).to.have.length(20);

    answers = { ...engine, ...inspected, '/containers/json': list.slice(0, 3), [`/containers/${idOf(1)}/json`]: undefined };
    const snapshot = await take();
    expect(snapshot.gaps).to.deep.equal([{ section: 'container_env', kept: 2, of: 3, reason: 'engine-error' }]);
    answers = { ...answers, '/containers/json': [list[0]] };
    expect(contentOf(await take()).truncated).to.deep.equal({});
  });

  it('says which sections were slow, missing or garbage, and takes the others', async () => {
    const { '/networks': _networks, ...rest } = engine;
    answers = { ...rest, '/system/df': 'never', '/images/json': '<html>not json</html>', '/volumes': { Volumes: [{ Name: 'data' }] }, '/containers/json': { not: 'a list' } };
    const content = contentOf(await take());
    expect(content.failed).to.deep.equal({ diskUse: 'timeout', images: 'engine-garbage', networks: 'engine-error', containers: 'engine-garbage' });
    expect(content.volumes.map(({ name }) => name)).to.deep.equal(['data']);
    expect(content.engine).to.include({ version: '28.0.0', cpus: 4 });
  });

  it('survives answers of every wrong type', async () => {
    const wrong = [null, 7, 'text', [], [[]], { Labels: 7, Names: 'x', Ports: [null, 5], Mounts: {}, NetworkSettings: [], Created: -5, Id: { a: 1 } }];
    answers = { ...engine, '/containers/json': wrong, '/images/json': wrong, '/networks': wrong, '/volumes': { Volumes: wrong }, '/system/df': wrong, '/info': { NCPU: 'many', MemTotal: 1e300 } };
    const content = contentOf(await take());
    expect(content.containers).to.have.length(wrong.length);
    expect(content.engine).to.include({ cpus: 0, memoryBytes: 0 });
  });

  it('says that the engine does not answer, and repeats nothing it wrote instead', async () => {
    answers = { ...engine, '/info': 'PASSWORD=hunter2' };
    expect(await take()).to.include({ failure: 'engine-garbage', failureDetail: 'the engine answers what is no answer' });
    answers = { ...engine, '/version': 'never' };
    expect(await take()).to.include({ failure: 'timeout' });
  });

  it('leaks no secret from variables, labels, commands or services, by name or by form', async () => {
    const secrets = ['s3cret-one', 's3cret-two', 's3cret-three', 'ghp_0123456789abcdefghij', 's3cret-five', 'AKIAABCDEFGHIJKLMNOP', 's3cret-seven', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 's3cret-nine', 's3cret-ten'];
    const [one, two, three, github, five, aws, seven, jwt, nine, ten] = secrets as [string, string, string, string, string, string, string, string, string, string];
    const id = 'a'.repeat(64);
    answers = {
      ...engine,
      '/info': { ...info, Swarm: { ControlAvailable: true }, HttpProxy: `http://me:${ten}@proxy` },
      '/containers/json': [{ Id: id, Names: ['/web'], State: 'running', Status: 'Up 5 minutes (healthy)', Command: `run --password=${one}`, Labels: { 'traefik.http.middlewares.a.basicauth.users': `me:${two}`, harmless: 'shown' } }],
      [`/containers/${id}/json`]: { Config: { Env: [`MYSQL_ROOT_PASSWORD=${three}`, `X=${github}`, `DATABASE_URL=postgres://me:${five}@db/x`, `WHO=${aws}`, `LICENSE_KEY=${seven}`, `Y=${jwt}`, 'PASSWORD_FILE=/run/secrets/db', 'MODE=fast'] } },
      '/volumes': { Volumes: [{ Name: 'share', Driver: 'local', Options: { o: `username=me,password=${ten}` } }] },
      '/nodes': [],
      '/services': [{ ID: 'srv', Spec: { Name: 'api', Mode: { Replicated: {} }, TaskTemplate: { ContainerSpec: { Image: 'x', Env: [`API_TOKEN=${nine}`], Args: [one] } } } }],
    };
    const snapshot = await take();
    const content = contentOf(snapshot);
    const everything = `${JSON.stringify(snapshot)}${JSON.stringify(content)}`;
    for (const secret of secrets) expect(everything, secret).not.to.include(secret);
    expect(content.containers[0]).to.deep.include({ health: 'healthy', command: 'run', env: { DATABASE_URL: 'postgres://********@db/x', LICENSE_KEY: '********', MODE: 'fast', MYSQL_ROOT_PASSWORD: '********', PASSWORD_FILE: '/run/secrets/db', WHO: '********', X: '********', Y: '********' } });
    expect(content.containers[0]?.labels).to.include({ harmless: 'shown' });
    // An agent that masks nothing makes no difference: the control plane masks too.
    const bare = await takeSnapshot({ socketPath: path.join(folder.path, 'engine.sock'), keepsSecrets: true, signal: new AbortController().signal, timing });
    expect(JSON.stringify(bare)).to.include(three);
    expect(contentOf(bare)).to.deep.equal(content);
  });

  it('is unchanged by what changes always, and changed by what matters', async () => {
    const state = (status: string, size: number, names: readonly string[]) => ({
      ...engine,
      '/containers/json': names.map((name) => ({ Id: name, Names: [`/${name}`], State: 'running', Status: status })),
      '/system/df': { LayersSize: size },
    });
    answers = state('Up 5 minutes', 1, ['a', 'b']);
    const before = canonicalText(contentOf(await take()));
    answers = state('Up 6 minutes', 2, ['b', 'a']);
    expect(canonicalText(contentOf(await take()))).to.equal(before);
    answers = state('Up 6 minutes (unhealthy)', 2, ['b', 'a']);
    expect(canonicalText(contentOf(await take()))).not.to.equal(before);
  });
});
