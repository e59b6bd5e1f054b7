/** Clients that ask for much and stop reading harm nobody: not those beside them, and not the memory of either process. */
import { expect } from 'chai';
import { IMAGE } from '../../support/dockerd.ts';
import { eventually } from '../../support/eventually.ts';
import { bytesRead, watchMemory } from './support/process-facts.ts';
import { createRest, signInByRest } from './support/rest.ts';
import { startDockerSite } from './support/site.ts';
import type { DockerSite } from './support/site.ts';
import { createStalledCommands } from './support/stalled-commands.ts';
import type { StalledCommands } from './support/stalled-commands.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const MIB = 1024 * 1024;
/** How much slower the middle one of several `docker ps` may be: far less than waiting for a stalled one would cost. */
const MOST_TIMES_SLOWER = 3;
const TIMES = 9;
/** Where the limit is small, what a process may grow beside it: one look's worth of bytes, and what waits to be collected. */
const MARGIN_MIB = isLong ? 0 : 128;

describe('docker export that nobody reads', function () {
  this.timeout(isLong ? 300_000 : 90_000);
  let site: DockerSite | undefined;
  let exports: StalledCommands | undefined;

  before(async function () {
    site = await startDockerSite(this);
    await site.dockerd.docker('run', '--name', 'big', '--network', 'none', IMAGE, 'truncate', '-s', '1G', '/sparse');
    // For what is read to its end after all.
    await site.dockerd.docker('run', '--name', 'smaller', '--network', 'none', IMAGE, 'truncate', '-s', '32M', '/sparse');
    // Whatever is made once, by the first calls, is there before memory is measured.
    for (let index = 0; index < TIMES; index += 1) await site.docker(['ps']);
  });
  afterEach(async () => exports?.stop());
  after(async () => site?.stop());

  function theSite(): DockerSite {
    if (site === undefined) throw new Error('there is no site');
    return site;
  }

  it('by twenty clients does not slow docker ps beside them, nor fill the memory of server or agent', async () => {
    const before = await medianOfPs();
    const server = watchMemory(theSite().server.process.pid);
    const agent = watchMemory(theSite().agent.pid);
    exports = createStalledCommands(['docker', 'export', 'big'], { ...theSite().env, DOCKER_HOST: await theSite().endpoint() });
    await exports.start(20);
    await untilAllStall();
    const beside = await medianOfPs();
    const grown = { server: server.stop() / MIB, agent: agent.stop() / MIB };
    expect(grown.server, 'MiB that the server grew').to.be.below(128);
    expect(grown.agent, 'MiB that the agent grew').to.be.below(128);
    expect(exports.running(), 'exports that were only held up').to.equal(20);
    await exports.stop();
    // A machine may have become busier meanwhile.
    const after = await medianOfPs();
    expect(beside / Math.max(before, after), `docker ps took ${before} ms before, ${beside} ms beside and ${after} ms after`).to.be.below(MOST_TIMES_SLOWER);
  });

  const clients = isLong ? 100 : 12;
  // Less than those clients would hold; in the long run what is set by default.
  const limitMib = isLong ? 256 : 24;
  it(`by ${clients} clients holds no more than stalledBytesLimit: those that stalled longest are cut off, and it says why`, async () => {
    const { apiKey } = await signInByRest(theSite().server);
    const changed = await createRest(theSite().server, apiKey).call('PATCH', '/api/v1/settings', { body: { stalledBytesLimit: limitMib * MIB } });
    expect(changed.status, changed.body).to.equal(200);
    const server = watchMemory(theSite().server.process.pid);
    const agent = watchMemory(theSite().agent.pid);
    exports = createStalledCommands(['docker', 'export', 'smaller'], { ...theSite().env, DOCKER_HOST: await theSite().endpoint() });
    await exports.start(clients);
    const cutOff = await eventually('some to be cut off', async () => {
      const calls = (await recordedCalls()).filter(({ data }) => data.failure === 'channel-stalled');
      return calls.length === 0 ? undefined : calls;
    }, 30_000);
    expect(cutOff.map(({ data }) => data.path)).to.satisfy((paths: unknown[]) => paths.every((path) => String(path).endsWith('/containers/smaller/export')));
    await untilAllStall();
    expect((await theSite().docker(['ps', '--quiet'])).code).to.equal(0);
    const grown = { server: server.stop() / MIB, agent: agent.stop() / MIB };
    expect(grown.server, 'MiB that the server grew').to.be.below(limitMib + MARGIN_MIB);
    expect(grown.agent, 'MiB that the agent grew').to.be.below(limitMib + MARGIN_MIB);
    // Whoever was cut off and reads on learns that it is not whole; the others get on.
    const endings = await exports.readOn();
    expect(endings.filter(({ code }) => code !== 0).length).to.be.at.least(cutOff.length);
    expect(endings.filter(({ code }) => code === 0)).to.not.be.empty;
    for (const { code, stderr } of endings) if (code !== 0) expect(stderr).to.match(/unexpected EOF/);
  });

  async function medianOfPs(): Promise<number> {
    const took: number[] = [];
    for (let index = 0; index < TIMES; index += 1) {
      const startedAtMs = performance.now();
      expect((await theSite().docker(['ps', '--quiet'])).code).to.equal(0);
      took.push(performance.now() - startedAtMs);
    }
    return Math.round(took.sort((a, b) => a - b)[(TIMES - 1) / 2] ?? Number.NaN);
  }

  /** The agent reads hardly anything from the engine any more. */
  async function untilAllStall(): Promise<void> {
    let before = -1;
    let quietLooks = 0;
    await eventually('all exports to stall', () => {
      const now = bytesRead(theSite().agent.pid);
      quietLooks = now - before < 4096 ? quietLooks + 1 : 0;
      before = now;
      return quietLooks > 20 ? true : undefined;
    }, 30_000);
  }

  async function recordedCalls(): Promise<readonly { readonly data: Readonly<Record<string, unknown>> }[]> {
    const { stdout } = await theSite().server.homeport('events', 'list', '--type', 'ApiCallProxied', '--json');
    return JSON.parse(stdout) as { data: Record<string, unknown> }[];
  }
});
