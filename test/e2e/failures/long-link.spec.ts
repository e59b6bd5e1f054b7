/** A link with a round trip of 600 ms that stalls: slow, but nothing breaks. With the long durations the stalls last 10 s. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { RunningProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { createLongLink } from '../../support/long-link.ts';
import type { LongLink } from '../../support/long-link.ts';
import type { CreatedEnvironment } from './support/api.ts';
import { dockerPath, startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

const ONE_WAY_MS = 300;
const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const STALL_MS = isLong ? 10_000 : 1500;
const FILE = randomBytes(5 * 1024 * 1024);
/** What would say that one of our own bounds ended something. */
const BREAKS = ['TunnelLost', 'TunnelOpenFailed', 'TunnelCredentialsExpired', 'TunnelCredentialsRefused', 'HeartbeatLost', 'PollsLost', 'PollRejected', 'SnapshotFailed'];

describe('over a link with a round trip of 600 ms', function () {
  this.timeout(180_000);
  let site: Site;
  let engine: Server;
  let links: { readonly polls: LongLink; readonly tunnels: LongLink };
  let environment: CreatedEnvironment;
  let agent: RunningProcess;

  beforeEach(async () => {
    site = await startSite();
    engine = await startEngine(path.join(site.folder, 'docker.sock'));
    const { httpsPort, tunnelPort } = site.server();
    links = {
      polls: await createLongLink({ host: '127.0.0.1', port: httpsPort }, { oneWayMs: ONE_WAY_MS }),
      tunnels: await createLongLink({ host: '127.0.0.1', port: tunnelPort }, { oneWayMs: ONE_WAY_MS }),
    };
    environment = await site.api.createEnvironment({ name: 'far', address: `localhost:${links.polls.port}`, tunnelAddress: `localhost:${links.tunnels.port}` });
  });
  afterEach(async () => {
    await agent.stop();
    await links.polls.close();
    await links.tunnels.close();
    engine.close();
    engine.closeAllConnections();
    await site.stop();
  });

  function start(): void {
    agent = site.startAgent(environment, { DOCKER_HOST: `unix://${site.folder}/docker.sock` });
  }

  function stall(): void {
    for (const link of [links.polls, links.tunnels]) link.stall(STALL_MS);
  }

  const untilUp = (): Promise<true> =>
    eventually('the heartbeat', async () => {
      const { body } = await site.api.call('GET', `/environments/${environment.id}`);
      return (body as { readonly heartbeat: { readonly state: string } }).heartbeat.state === 'up' ? true : undefined;
    }, 60_000);

  const typesSeen = async (): Promise<readonly string[]> => (await site.api.events(`environment=${environment.id}`)).map(({ type }) => type);

  async function download(): Promise<string> {
    const answer = await site.api.open('GET', dockerPath(environment, '/containers/c1/archive?path=/file'));
    expect(answer.statusCode).to.equal(200);
    return sha256(await buffer(answer));
  }

  it('an agent joins, opens its tunnel, and carries calls, a terminal and 5 MiB through stalls, and nothing is reset', async () => {
    start();
    await untilUp();
    expect((await site.api.call('GET', dockerPath(environment, '/version'))).status).to.equal(200);
    stall();
    expect((await site.api.call('GET', dockerPath(environment, '/version'))).status).to.equal(200);

    const terminal = await site.api.upgrade(dockerPath(environment, '/exec/e1/start'), { Detach: false, Tty: true });
    for (const key of ['l', 's', '\r']) {
      terminal.write(key);
      expect(String((await once(terminal, 'data'))[0])).to.equal(key);
      if (key === 's') stall();
    }
    const downloading = download();
    stall();
    expect(await downloading).to.equal(sha256(FILE));
    // The terminal has lived through all of it.
    terminal.end('exit');
    expect(String(await buffer(terminal))).to.equal('exit');

    expect((await typesSeen()).filter((type) => BREAKS.includes(type))).to.deep.equal([]);
    expect(agent.stderr()).to.not.match(/"level":"(warn|error)"/);
  });

  // A stall longer than what credentials are good for: once in the midst of each step of joining and of opening.
  for (const afterMs of isLong ? [300, 900, 1500, 2100, 2700, 3300, 3900, 4500] : []) {
    it(`a stall ${afterMs} ms into joining, and as long into the opening of its tunnel, is made good by the agent itself at once`, async () => {
      const stallLater = (): void => void setTimeout(stall, afterMs);
      start();
      stallLater();
      await untilUp();
      stallLater();
      const startedAtMs = performance.now();
      const { status } = await site.api.call('GET', dockerPath(environment, '/version'));
      expect(status).to.equal(200);
      // The stall, what an opening takes at most, and as much again where it had to begin anew.
      expect(performance.now() - startedAtMs).to.be.below(afterMs + STALL_MS + 2 * 16 * ONE_WAY_MS + 2000);
      expect((await typesSeen()).filter((type) => type === 'TunnelCredentialsIssued').length).to.be.at.most(2);
    });
  }
});

/** An engine with one file, and a terminal that echoes. */
async function startEngine(socketPath: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isFile = request.url?.includes('/archive') === true;
    response.setHeader('content-type', isFile ? 'application/x-tar' : 'application/json');
    response.end(isFile ? FILE : JSON.stringify({ Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64', Name: 'far', Components: [{ Name: 'Engine' }] }));
  });
  server.on('upgrade', (request, socket, head) => {
    // Node hands the body of such a request over as the connection's first bytes.
    let unread = Number(request.headers['content-length'] ?? 0);
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    const take = (bytes: Buffer): void => {
      const rest = bytes.subarray(unread);
      unread = Math.max(0, unread - bytes.length);
      if (rest.length > 0) socket.write(rest);
    };
    take(head);
    socket.on('data', take).on('end', () => socket.end()).on('error', () => undefined);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
