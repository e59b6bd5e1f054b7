/** kill -9 of the agent: whoever uses the engine through it is told at once. */
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { startProcess } from '../../support/child-process.ts';
import type { RunningProcess } from '../../support/child-process.ts';
import { IMAGE, startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { realPart } from '../../support/real-parts.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../../web-gateway/support/fake-engine.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

/** What is cut off must be told well before a keep-alive would find out, which takes up to 28 s; also on a busy machine. */
const TOLD_WITHIN_MS = 15_000;

describe('kill -9 of the agent', function () {
  this.timeout(60_000);
  let dockerd: Dockerd | undefined;
  let engine: FakeEngine | undefined;
  let site: Site | undefined;

  before(async function () {
    dockerd = await startDockerd(this);
    site = await startSite();
  });
  after(async () => {
    await site?.stop();
    await engine?.close();
    await dockerd?.stop();
  });

  it('ends exec, attach, a followed log and an open request of the Docker CLI with an error', async () => {
    if (site === undefined || dockerd === undefined) throw new Error('the hook failed');
    const { own } = site;
    // As process 1 of its container, sleep minds no SIGTERM: a stop takes as long as it may.
    await dockerd.docker('run', '--detach', '--name', 'box', '--network', 'none', IMAGE, 'sleep', '3600');
    await dockerd.docker('run', '--detach', '--interactive', '--name', 'cat', '--network', 'none', IMAGE, 'sh', '-c', 'echo begun; exec cat');
    const environment = await site.api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: dockerd.dockerHost });
    const env = await eventually('a tunnel', () => site?.dockerEnvironment(environment), 40_000);
    const docker = (...args: readonly string[]): RunningProcess => own(startProcess(realPart('docker'), args, { env }));

    const created = await site.api.call('POST', dockerPath(environment, '/containers/box/exec'), { Cmd: ['sh', '-c', 'echo begun; exec sleep 3600'], AttachStdout: true, Tty: true });
    const exec = await site.api.upgrade(dockerPath(environment, `/exec/${(created.body as { readonly Id: string }).Id}/start`), { Tty: true });
    const execEnded = new Promise((resolve) => exec.once('error', resolve).once('close', resolve));
    const attach = docker('attach', 'cat');
    // Without a terminal the stream is of frames, and its end alone would look like the command's.
    const run = docker('exec', 'box', 'sh', '-c', 'echo begun; exec sleep 3600');
    const logs = docker('logs', '--follow', 'cat');
    const stop = docker('stop', '--time', '120', 'box');
    attach.write('hello\n');
    await Promise.all([once(exec, 'data'), attach.waitFor(/hello/), run.waitFor(/begun/), logs.waitFor(/hello/)]);
    exec.resume();
    await eventually('the stop to be under way', async () => {
      const calls = await site?.api.events(`environment=${environment.id}&type=ApiCallStarted`);
      return calls?.some(({ data }) => /\/stop(?:\?|$)/.test(String(data.path))) === true ? true : undefined;
    });

    const killedAt = performance.now();
    await agent.stop('SIGKILL');
    const toldMs: Record<string, number> = {};
    const told = async (name: string, end: Promise<unknown>): Promise<void> => {
      await end;
      toldMs[name] = Math.round(performance.now() - killedAt);
    };
    await Promise.all([told('exec', execEnded), told('attach', attach.ended), told('docker exec', run.ended), told('logs', logs.ended), told('stop', stop.ended)]);
    for (const [name, ms] of Object.entries(toldMs)) expect(ms, `milliseconds until ${name} ended`).to.be.below(TOLD_WITHIN_MS);
    for (const ended of [attach.ended, run.ended, logs.ended, stop.ended]) expect((await ended).code).to.be.above(0);
    for (const { stderr } of [stop, attach, run]) expect(stderr()).to.match(/tunnel.*lost/i);

    const failures = await eventually('the calls to be recorded', async () => {
      const ended = (await site?.api.events(`environment=${environment.id}&type=ApiCallProxied`)) ?? [];
      const cut = ended.filter(({ data }) => data.failure === 'tunnel-lost').map(({ data }) => /\/(exec|attach|wait|logs|stop)\b/.exec(String(data.path))?.[1]);
      return cut.length >= 6 ? cut : undefined;
    });
    expect(failures).to.have.members(['exec', 'exec', 'attach', 'wait', 'logs', 'stop']);
    const lost = await site.api.events(`environment=${environment.id}&type=TunnelLost`);
    expect(lost.map(({ data }) => data.reason)).to.deep.equal(['connection-lost']);
  });

  it('answers a request that waits on a kept connection with tunnel-lost', async () => {
    if (site === undefined) throw new Error('the hook failed');
    const socket = path.join(site.folder, 'engine.sock');
    const { promise: asked, resolve: setAsked } = Promise.withResolvers<undefined>();
    engine = await startHttpEngine(socket, (req, res) => {
      if (req.url === '/hang') setAsked(undefined);
      else res.end('OK');
    });
    const environment = await site.api.createEnvironment({ name: 'silent', pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${socket}` });
    await eventually('a tunnel', async () => ((await site?.api.call('GET', dockerPath(environment, '/_ping')))?.status === 200 ? true : undefined), 20_000);

    const open = site.api.open('GET', dockerPath(environment, '/hang'));
    await asked;
    const killedAt = performance.now();
    await agent.stop('SIGKILL');
    const answer = await open;
    expect(performance.now() - killedAt).to.be.below(TOLD_WITHIN_MS);
    expect(answer.statusCode).to.equal(502);
    expect(JSON.parse(await text(answer))).to.include({ code: 'tunnel-lost' });
  });
});
