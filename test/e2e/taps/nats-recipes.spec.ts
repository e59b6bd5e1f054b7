/** `serve --nats` with a real nats-server, watched by the recipes of docs/nats.md as they stand there. */
import { expect } from 'chai';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess, type RunningProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { startHomeport, startHomeportCommand, type HomeportServer } from '../../support/homeport.ts';
import { requireRealParts } from '../../support/real-parts.ts';
import { isStoreElsewhere } from '../../support/store-elsewhere.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { createNatsServer, type NatsServer } from '../../taps/support/nats-server.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(path.join(root, 'docs', 'nats.md'), 'utf8');

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
/** Nanoseconds. What was acknowledged as NATS was killed is told again after so long; 30 s where nothing is said. */
const ACK_WAIT = isLong ? '' : 'ack_wait: 1_000_000_000, ';

describe('events in NATS', () => {
  let folder: TemporaryFolder;
  let nats: NatsServer;
  let homeport: HomeportServer;
  const started: RunningProcess[] = [];

  before(async function () {
    requireRealParts(this, 'nats-server');
    folder = createTemporaryFolder();
    nats = await createNatsServer(folder.path, 'authorization { user: "homeport", password: "s3cret" }');
    await nats.start();
    homeport = await startHomeport({ env: { HOMEPORT_NATS: nats.url.replace('//', '//homeport:s3cret@') } });
    await homeport.signIn();
    symlinkSync(path.join(root, 'node_modules'), path.join(folder.path, 'node_modules'));
  });
  after(async () => {
    for (const one of started) await one.stop('SIGKILL');
    await homeport.remove();
    await nats.stop();
    folder.remove();
  });

  /** Starts a recipe, whose first line names it. The account is given as users of the client give it. */
  function recipe(name: string, ...args: readonly string[]): RunningProcess {
    const code = [...page.matchAll(/```js\n([^]*?)```/g)].map(([, text = '']) => text).find((text) => text.startsWith(`// ${name}`));
    if (code === undefined) throw new Error(`docs/nats.md has no ${name}`);
    const withAccount = code.replace('connect({ servers:', 'connect({ user: "homeport", pass: "s3cret", servers:').replace('servers: url', 'servers: url.slice(7)');
    writeFileSync(path.join(folder.path, name), withAccount.replace('ack_policy:', `${ACK_WAIT}ack_policy:`));
    const running = startProcess(process.execPath, [name, ...args], { cwd: folder.path });
    started.push(running);
    return running;
  }

  async function create(name: string): Promise<{ readonly id: string; readonly joinToken: string; readonly issuedEdgeId: string }> {
    const { stdout, stderr } = await homeport.homeport('env', 'create', name, '--address', `localhost:${homeport.httpsPort}`, '--allow-loopback', '--json');
    expect(stderr).to.not.include('error');
    return JSON.parse(stdout) as { id: string; joinToken: string; issuedEdgeId: string };
  }

  it('shows one environment to whoever watches it, and no other', async () => {
    const watched = await create('watched');
    const watching = recipe('watch.mjs', nats.url, watched.id);
    await watching.waitFor(/watching/);
    await create('another');
    await homeport.homeport('env', 'rotate-token', 'watched', '--yes');
    await watching.waitFor(/io\.homeport\.JoinTokenRotated\.v1 user:/);
    expect(watching.stdout()).to.not.include('EnvironmentCreated');
  });

  it('alerts on a poll that was rejected', async () => {
    const { joinToken, issuedEdgeId, id } = await create('guarded');
    const alerting = recipe('alert.mjs', nats.url);
    await homeport.homeport('env', 'rotate-token', 'guarded', '--yes');
    const dataPath = path.join(folder.path, 'agent');
    started.push(startHomeportCommand(['agent'], { EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DATA_PATH: dataPath, DOCKER_HOST: `unix://${path.join(folder.path, 'no.sock')}` }));
    await alerting.waitFor(new RegExp(`ALERT rejected: ${id} at 20`));
  });

  it('feeds every event into a file, the same as the record has', async () => {
    const file = path.join(folder.path, 'events.ndjson');
    recipe('to-file.mjs', nats.url, file);
    const { stdout } = await homeport.homeport('events', 'list', '--type', 'EnvironmentCreated', '--json');
    const wanted = (JSON.parse(stdout) as { readonly id: string; readonly data: { readonly name: string } }[]).map(({ id, data }) => [id, data.name]);
    expect(wanted.map(([, name]) => name)).to.include.members(['watched', 'guarded']);
    const found = await eventually('the file to have them', () => {
      if (!existsSync(file)) return undefined;
      const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { id: string; type: string; data: { name: string } });
      const created = lines.filter(({ type }) => type === 'io.homeport.EnvironmentCreated.v1').map(({ id, data }) => [id, data.name]);
      return created.length >= wanted.length ? created : undefined;
    });
    expect(found).to.deep.equal(wanted);
  });

  it('is told by /readyz that NATS is away, stays ready, and shows no password', async () => {
    const ready = () => fetchReadiness(homeport);
    expect((await ready()).text).to.include('"nats":"ok"');
    await nats.kill();
    const away = await eventually('readiness to say so', async () => {
      const answer = await ready();
      return answer.text.includes('"nats":"ok"') ? undefined : answer;
    });
    expect(away.status).to.equal(200);
    await nats.start();
    await eventually('NATS to be back', async () => ((await ready()).text.includes('"nats":"ok"') ? true : undefined), 20_000);
    expect(away.text + homeport.process.stderr()).to.not.include('s3cret');
  });

  // Checkpoints prove the embedded store: of a record elsewhere there are none.
  (isStoreElsewhere ? it.skip : it)('has what the server records at its very end, the last checkpoint, too', async function () {
    this.timeout(90_000);
    expect((await homeport.stop()).code).to.equal(0);
    const file = path.join(folder.path, 'events.ndjson');
    await eventually('the checkpoint', () => {
      const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '{}';
      return (JSON.parse(last) as { readonly type?: string }).type === 'io.homeport.CheckpointSigned.v1' ? true : undefined;
    }, 60_000);
  });
});

function fetchReadiness(homeport: HomeportServer): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    request(`${homeport.url}/readyz`, { ca: homeport.ca() }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject).end();
  });
}
