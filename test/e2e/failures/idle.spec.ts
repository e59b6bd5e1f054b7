/** Tunnels that end because nobody uses them, or because someone said so; and those that stay because someone does. */
import path from 'node:path';
import { setInterval } from 'node:timers/promises';
import { expect } from 'chai';
import { runProcess, startProcess } from '../../support/child-process.ts';
import type { Finished, RunningProcess } from '../../support/child-process.ts';
import { IMAGE, startDockerd } from '../../support/dockerd.ts';
import type { Dockerd } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { realPart, requireRealParts } from '../../support/real-parts.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import { startOnTerminal } from '../docker/support/terminal.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';
import type { CreatedEnvironment } from './support/api.ts';

const IDLE_MS = 3000;

describe('a tunnel', function () {
  this.timeout(60_000);
  let dockerd: Dockerd | undefined;
  let site: Site;
  let stopSite: Site['stop'] | undefined;

  before(async function () {
    requireRealParts(this, 'script', 'stty');
    dockerd = await startDockerd(this);
    await dockerd.docker('run', '--detach', '--name', 'box', '--network', 'none', IMAGE, 'sleep', '3600');
    await dockerd.docker('run', '--detach', '--name', 'talker', '--network', 'none', IMAGE, 'sh', '-c', 'echo begun; exec sleep 3600');
    site = await startSite();
    stopSite = site.stop;
  });
  after(async () => {
    await stopSite?.();
    await dockerd?.stop();
  });

  interface Used {
    readonly environment: CreatedEnvironment;
    readonly agent: RunningProcess;
    /** Of docker commands. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly docker: (...args: readonly string[]) => RunningProcess;
    readonly ps: () => Promise<Finished>;
  }

  /** An environment whose engine is in use through a tunnel. */
  async function use(name: string, inactivity: string): Promise<Used> {
    const environment = await site.api.createEnvironment({ name, pollIntervalSeconds: 1 });
    const agent = site.startAgent(environment, { DOCKER_HOST: dockerd?.dockerHost ?? '', EDGE_INACTIVITY_TIMEOUT: inactivity });
    const env = await eventually('a tunnel', () => site.dockerEnvironment(environment), 40_000);
    return {
      environment,
      agent,
      env,
      docker: (...args) => site.own(startProcess(realPart('docker'), args, { env })),
      ps: () => runProcess(realPart('docker'), ['ps', '--format', '{{.Names}}', '--filter', 'name=box'], { env }),
    };
  }

  /** What happened to the environment's tunnel, in words. */
  async function history({ id }: CreatedEnvironment): Promise<readonly string[]> {
    const events = await site.api.events(`stream=tunnel-${id}`);
    return events.map(({ type, data }) => (typeof data.reason === 'string' ? `${type} ${data.reason}` : type));
  }

  const opening = ['TunnelRequired', 'TunnelCredentialsIssued', 'TunnelOpened'];
  const closing = ['TunnelClosed idle', 'TunnelCredentialsRevoked idle'];

  /** Resolves with the history of a tunnel that closed because nobody used it: of the last one, where a slow machine let earlier ones go. */
  const untilIdle = ({ environment }: Pick<Used, 'environment'>): Promise<readonly string[]> =>
    eventually('the idle close to be recorded', async () => {
      const events = await history(environment);
      return events.at(-1) === closing.at(-1) ? events : undefined;
    }, 20_000);

  /** Resolves once `all` say `word`, with what their tunnels' histories are then. */
  async function historiesAt(word: RegExp, all: readonly (readonly [Used, RunningProcess])[]): Promise<readonly (readonly string[])[]> {
    await Promise.all(all.map(([, process]) => process.waitFor(word)));
    return Promise.all(all.map(([{ environment }]) => history(environment)));
  }

  const stories: Readonly<Record<string, () => Promise<void>>> = {
    'that nobody uses for EDGE_INACTIVITY_TIMEOUT closes, its credentials are revoked, and the next call opens another': async () => {
      const { environment, agent, ps } = await use('idle', `${IDLE_MS / 1000}s`);
      expect(await ps()).to.deep.include({ code: 0, stdout: 'box\n' });
      const closed = await untilIdle({ environment });
      expect(closed.slice(-5)).to.deep.equal([...opening, ...closing]);
      await agent.waitFor(/"reason":"idle".*tunnel ended/);
      const times = (await site.api.events(`stream=tunnel-${environment.id}`)).filter(({ type }) => type === 'TunnelOpened' || type === 'TunnelClosed').map(({ time }) => Date.parse(time));
      expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0), 'how long it was open').to.be.at.least(IDLE_MS);

      expect(await ps()).to.deep.include({ code: 0, stdout: 'box\n' });
      expect((await history(environment)).slice(0, closed.length + opening.length)).to.deep.equal([...closed, ...opening]);
      await agent.stop();
    },

    'stays open under an exec session or a followed log that is silent for longer than the timeout': async () => {
      const [executing, following] = await Promise.all([use('exec', '2s'), use('logs', '2s')]);
      const engine = dockerd;
      if (engine === undefined) throw new Error('the hook failed');
      await engine.docker('run', '--detach', '--name', 'slow', '--network', 'none', IMAGE, 'sh', '-c', 'echo begun; until [ -e /heard ]; do sleep 0.1; done; sleep 4; echo done; exec sleep 3600');
      // The next word comes after much longer than the timeout.
      const exec = executing.docker('exec', '--interactive', 'box', 'sh', '-c', 'echo begun; sleep 4; echo done; read line; exit 7');
      const logs = following.docker('logs', '--follow', 'slow');
      const both = [[executing, exec], [following, logs]] as const;
      const begun = await historiesAt(/begun/, both);
      for (const events of begun) expect(events.at(-1)).to.equal('TunnelOpened');
      await engine.docker('exec', 'slow', 'touch', '/heard');
      expect(await historiesAt(/done/, both)).to.deep.equal(begun);

      // Once they are over, nothing keeps the tunnel.
      exec.write('\n');
      expect((await exec.ended).code).to.equal(7);
      await logs.stop('SIGINT');
      for (const one of [executing, following]) await untilIdle(one);
      await Promise.all([executing.agent.stop(), following.agent.stop()]);
    },

    'stays open under an attached terminal and an exec session on one, silent for longer than the timeout': async () => {
      const [attaching, executing] = await Promise.all([use('attach', '2s'), use('exec-terminal', '2s')]);
      const engine = dockerd;
      if (engine === undefined) throw new Error('the hook failed');
      // It waits for a line, and says the next word after much longer than the timeout.
      const script = 'read line; echo begun-$((40 + 1)); sleep 4; echo done-$((40 + 2)); read line; exit 7';
      await engine.docker('run', '--detach', '--interactive', '--tty', '--name', 'terminal', '--network', 'none', IMAGE, 'sh', '-c', script);
      const attached = await startOnTerminal([realPart('docker'), 'attach', '--detach-keys', 'ctrl-x', 'terminal'], attaching.env);
      const shell = await startOnTerminal([realPart('docker'), 'exec', '-it', 'box', 'sh', '-c', script], executing.env);
      try {
        const both = [[attaching, attached.process], [executing, shell.process]] as const;
        for (const terminal of [attached, shell]) terminal.type('go\r');
        const begun = await historiesAt(/begun-41/, both);
        for (const events of begun) expect(events.at(-1)).to.equal('TunnelOpened');
        expect(await historiesAt(/done-42/, both)).to.deep.equal(begun);
        shell.type('\r');
        expect((await shell.process.ended).code).to.equal(7);
        attached.type('\x18');
        await attached.process.ended;
      } finally {
        for (const { process } of [attached, shell]) await process.stop('SIGKILL');
      }
      for (const one of [attaching, executing]) await untilIdle(one);
      await Promise.all([attaching.agent.stop(), executing.agent.stop()]);
    },

    'stays open for an admin whose session keeps it alive, and closes when that ends': async () => {
      const { environment, agent } = await use('kept', '2s');
      const keep = async (): Promise<void> => {
        expect((await site.api.call('PUT', `/environments/${environment.id}/connection/keep-alive`)).status).to.equal(204);
      };
      const begun = await eventually('a tunnel that is kept', async () => {
        await keep();
        const events = await history(environment);
        return events.at(-1) === 'TunnelOpened' ? events : undefined;
      });
      const untilMs = performance.now() + 5000;
      for await (const _beat of setInterval(300)) {
        await keep();
        if (performance.now() > untilMs) break;
      }
      expect(await history(environment)).to.deep.equal(begun);
      await untilIdle({ environment });
      await agent.stop();
    },
  };

  describe('left to itself, or in use', () => {
    // They wait, most of the time: all at once.
    const under = new Map<string, Promise<void>>();
    before(() => {
      for (const [what, run] of Object.entries(stories)) {
        const story = run();
        // Its own test tells of its failure.
        story.catch(() => undefined);
        under.set(what, story);
      }
    });
    for (const what of Object.keys(stories)) it(what, () => under.get(what));
  });

  it('serves every request that comes in just as it idles out, on it or on the next one', async () => {
    // Whoever takes the last snapshot, on an idle close that was allowed, waits here: so long the tunnel is neither open nor closed.
    const released = Promise.withResolvers<undefined>();
    const leaving = Promise.withResolvers<undefined>();
    let isHeld = false;
    const socket = path.join(site.folder, 'held.sock');
    const engine = await startHttpEngine(socket, ({ url }, response) => {
      const answer = (): void => void response.end(url?.endsWith('/_ping') === true ? 'OK' : '{"Version":"1","ApiVersion":"1.50","Os":"linux","Arch":"amd64","Name":"box"}');
      if (url?.endsWith('/info') !== true || !isHeld) return answer();
      leaving.resolve(undefined);
      void released.promise.then(answer);
    });
    try {
      const environment = await site.api.createEnvironment({ name: 'racing', pollIntervalSeconds: 1 });
      const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${socket}`, EDGE_INACTIVITY_TIMEOUT: '1s' });
      await agent.waitFor(/snapshot recorded/);
      const call = async (): Promise<number> => (await site.api.call('GET', dockerPath(environment, '/_ping'))).status;
      isHeld = true;
      await eventually('a tunnel', async () => ((await call()) === 200 ? true : undefined), 20_000);
      await leaving.promise;
      const answers = [call(), call()];
      // Those are there: each further request is answered after they came.
      await site.api.call('GET', `/environments/${environment.id}`);
      isHeld = false;
      released.resolve(undefined);
      expect(await Promise.all(answers)).to.deep.equal([200, 200]);
      const closed = [...opening, ...closing];
      expect((await history(environment)).slice(0, closed.length + opening.length)).to.deep.equal([...closed, ...opening]);
      await agent.stop();
    } finally {
      released.resolve(undefined);
      await engine.close();
    }
  });

  it('ends when an admin disconnects it, sessions and all, and the next call opens another', async () => {
    const { environment, agent, docker, ps } = await use('disconnected', '5m');
    const logs = docker('logs', '--follow', 'talker');
    await logs.waitFor(/begun/);
    expect((await site.api.call('DELETE', `/environments/${environment.id}/connection`)).status).to.equal(204);
    await agent.waitFor(/"reason":"disconnected".*tunnel ended/);
    expect((await logs.ended).code).to.be.above(0);
    const closed = [...opening, 'TunnelClosed disconnected', 'TunnelCredentialsRevoked disconnected'];
    expect(await history(environment)).to.deep.equal(closed);

    expect(await ps()).to.deep.include({ code: 0, stdout: 'box\n' });
    expect(await history(environment)).to.deep.equal([...closed, ...opening]);
    await agent.stop();
  });

  it('ends for ever when its environment is removed, and the agent says why it may not poll any more', async () => {
    const { environment, agent, docker, ps } = await use('removed', '5m');
    const logs = docker('logs', '--follow', 'talker');
    await logs.waitFor(/begun/);
    expect((await site.api.call('DELETE', `/environments/${environment.id}`)).status).to.equal(204);
    await agent.waitFor(/"reason":"environment-removed".*tunnel ended/);
    await agent.waitFor(/"code":"environment-removed".*create another and use its join token/);
    expect((await logs.ended).code).to.be.above(0);
    expect(await history(environment)).to.deep.equal([...opening, 'TunnelClosed environment-removed', 'TunnelCredentialsRevoked environment-removed']);
    const { code, stderr } = await ps();
    expect(code).to.equal(1);
    expect(stderr).to.match(/removed/i);
    expect((await agent.stop()).code).to.equal(0);
  });
});
