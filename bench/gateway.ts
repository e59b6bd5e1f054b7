/**
 * A small GET to an engine through the gateway, against OpenSSH's `-R` and `-L` to the same engine in the same run, with a new connection for
 * each and with one kept; and pages of `GET /environments`, now and as of an instant, for an admin and for an operator with grants.
 * `node bench/gateway.ts [--requests N] [--rounds N] [--environments N] [--without-ssh]`.
 * Aims: a new connection 0.5 × OpenSSH's p50, a kept one 3 ms, a page of 50 out of 100,000 environments 50 ms.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RestClient } from '../services/cli/rest/rest-client.ts';
import { startChild } from './support/child.ts';
import { signIn, startControlPlane, type ControlPlaneProcess } from './support/control-plane-process.ts';
import { startSshServer } from './support/open-ssh.ts';
import { reachEngine, startSmallEngine } from './support/reached-engine.ts';
import { describeMachine, printTable } from './support/report.ts';
import { quantile } from './support/statistics.ts';

const MAIN = fileURLToPath(new URL('../services/cli/main.ts', import.meta.url));
const ROUND_TRIP_MS = 20;

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    environments: { type: 'string', default: '100000' },
    'without-ssh': { type: 'boolean', default: false },
  },
});

/** One way to the engine. */
interface Contestant {
  readonly name: string;
  readonly options: RequestOptions & { readonly ca?: string };
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'homeport-bench-gateway-'));
const socketPath = path.join(folder, 'engine.sock');
const stops: (() => unknown)[] = [];

/** Sends one GET and resolves with how long it took to its answer's end, in milliseconds. */
function timeOf({ options }: Contestant, agent: HttpAgent | HttpsAgent | false): Promise<number> {
  const startedMs = performance.now();
  const send = options.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    send({ ...options, agent }, (answer) => {
      answer.resume();
      answer.once('end', () => (answer.statusCode === 200 ? resolve(performance.now() - startedMs) : reject(new Error(`it answered ${String(answer.statusCode)}`))));
    })
      .on('error', reject)
      .end();
  });
}

/** All the ways over one link, whose length the port of `via` brings. */
async function contestants(server: ControlPlaneProcess, rest: RestClient, link: string, via: (port: number) => Promise<number>): Promise<Contestant[]> {
  const tunnelAddress = `localhost:${await via(server.tunnelPort)}`;
  const reached = await reachEngine(rest, { name: `bench-${link.replace(' ', '-')}`, address: server.url.host, tunnelAddress, socketPath });
  stops.push(() => reached.stop());
  const { protocol, hostname, port } = server.url;
  const https = { protocol, hostname, port, ca: server.caPem, headers: { ...rest.authorization }, path: `${reached.dockerPath}/_ping` };
  const found: Contestant[] = [
    { name: 'homeport, HTTPS', options: https },
    { name: 'homeport connect', options: { socketPath: await connectTo(server, rest, reached.environmentId), path: '/_ping' } },
  ];
  const ssh = flags['without-ssh'] ? undefined : await startSshServer();
  if (ssh === undefined) return found;
  stops.push(() => ssh.stop());
  const sshPort = await via(ssh.port);
  for (const direction of ['-R', '-L'] as const) {
    const tunnel = await ssh.openTunnel(sshPort, socketPath, direction);
    stops.push(() => tunnel.stop());
    found.push({ name: `ssh ${direction}`, options: { host: '127.0.0.1', port: tunnel.port, path: '/_ping' } });
  }
  return found;
}

/** The socket of a `homeport connect` in a process of its own. */
async function connectTo(server: ControlPlaneProcess, rest: RestClient, environmentId: string): Promise<string> {
  const apiKey = rest.authorization['authorization']?.slice('Bearer '.length);
  const env = { ...process.env, HOMEPORT_URL: server.url.origin, HOMEPORT_API_KEY: apiKey, HOMEPORT_CA_FILE: path.join(folder, 'data', 'tls', 'ca.pem') };
  const child = spawn(process.execPath, [MAIN, 'connect', environmentId], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  stops.push(() => child.kill() && once(child, 'exit'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return line.replace('export DOCKER_HOST=unix://', '');
}

async function measureCalls(server: ControlPlaneProcess, rest: RestClient): Promise<unknown> {
  const results = [];
  for (const link of ['loopback', `${ROUND_TRIP_MS} ms`]) {
    const found = await contestants(server, rest, link, async (port) => {
      if (link === 'loopback') return port;
      const relay = await startChild(new URL('./support/delay-relay.ts', import.meta.url), [String(port), String(ROUND_TRIP_MS / 2)]);
      stops.push(() => relay.child.stop());
      return (relay.ready as { port: number }).port;
    });
    const measured = found.map((contestant) => ({ contestant, fresh: [] as number[], kept: [] as number[] }));
    // The first round warms up.
    for (let round = 0; round <= Number(flags.rounds); round += 1) {
      for (const { contestant, fresh, kept } of measured) {
        const agent = contestant.options.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
        for (let index = 0; index < Number(flags.requests); index += 1) {
          const [freshMs, keptMs] = [await timeOf(contestant, false), await timeOf(contestant, agent)];
          if (round > 0) fresh.push(freshMs);
          if (round > 0) kept.push(keptMs);
        }
        agent.destroy();
      }
    }
    for (const { contestant, fresh, kept } of measured) {
      results.push({ link, by: contestant.name, freshP50Ms: quantile(fresh, 0.5), freshP99Ms: quantile(fresh, 0.99), keptP50Ms: quantile(kept, 0.5), keptP99Ms: quantile(kept, 0.99) });
    }
  }
  printTable(
    ['link', '', 'new connection p50 ms', 'p99', 'kept p50 ms', 'p99'],
    results.map((row) => [row.link, row.by, row.freshP50Ms, row.freshP99Ms, row.keptP50Ms, row.keptP99Ms]),
  );
  for (const { link, by, freshP50Ms, keptP50Ms } of results.filter((row) => row.by.startsWith('ssh'))) {
    for (const ours of results.filter((row) => row.link === link && row.by.startsWith('homeport'))) {
      console.log(`${link}, ${ours.by} ÷ ${by}: new connection ${(ours.freshP50Ms / freshP50Ms).toFixed(2)} (aim 0.5), kept ${(ours.keptP50Ms / keptP50Ms).toFixed(2)}`);
    }
  }
  return results;
}

/** A client of an operator who is granted most of the environments, by many tags. */
async function signInOperator(server: ControlPlaneProcess, rest: RestClient): Promise<RestClient> {
  const credentials = { username: 'operator', password: randomBytes(16).toString('hex') };
  const grants = Array.from({ length: 60 }, (_, index) => ({ tag: `row-${index}`, access: 'read' }));
  const user = (await rest.call('POST', '/users', { body: { ...credentials, role: 'operator' } })).body as { id: string };
  await rest.call('PATCH', `/users/${user.id}`, { body: { grants } });
  return signIn({ ...server, admin: credentials });
}

/** Makes so many environments, and asks for pages of them. */
async function measureLists(server: ControlPlaneProcess, rest: RestClient, count: number): Promise<unknown> {
  let made = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (made < count) {
        made += 1;
        await rest.call('POST', '/environments', { body: { name: `site-${made}`, address: server.url.host, allowLoopback: true, tags: [`row-${made % 100}`] } });
      }
    }),
  );
  const questions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'the first page': {},
    'a name’s part': { search: `site-${count - 5}` },
    'a tag': { tag: 'row-42' },
    'a status': { status: 'unassociated' },
    'the last created first': { sort: '-createdAt' },
  };
  const operator = await signInOperator(server, rest);
  stops.push(() => operator.close());
  const asOf = new Date().toISOString();
  // What is renamed has another row then than it has now.
  const { items } = (await rest.call('GET', '/environments', { query: { limit: 1000 } })).body as { items: { id: string; name: string }[] };
  for (const { id, name } of items) await rest.call('PATCH', `/environments/${id}`, { body: { name: `${name} again` } });
  const results = [];
  for (const [asker, client] of [['an admin', rest], ['an operator with 60 of 100 tags', operator]] as const) {
    for (const [then, past] of [['', {}], [', as of before 1,000 were renamed', { asOf }]] as const) {
      for (const [question, query] of Object.entries(questions)) {
        const times: number[] = [];
        for (let index = 0; index < 60; index += 1) {
          const startedMs = performance.now();
          await client.call('GET', '/environments', { query: { ...query, ...past, limit: 50 } });
          // The first ones warm up.
          if (index >= 10) times.push(performance.now() - startedMs);
        }
        results.push({ question: `${asker}: ${question}${then}`, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) });
      }
    }
  }
  printTable(
    [`GET /environments, ${count} of them`, 'p50 ms', 'p99'],
    results.map((row) => [row.question, row.p50Ms, row.p99Ms]),
  );
  return results;
}

try {
  const machine = describeMachine();
  const engine = await startSmallEngine(socketPath);
  stops.push(() => engine.close());
  const server = await startControlPlane({ dataDir: path.join(folder, 'data') });
  stops.push(() => server.stop());
  const rest = await signIn(server);
  stops.push(() => rest.close());
  const calls = await measureCalls(server, rest);
  const count = Number(flags.environments);
  const lists = count === 0 ? [] : await measureLists(server, rest, count);
  console.log(JSON.stringify({ bench: 'gateway', ...machine, loadAverageAfter: os.loadavg()[0], requests: Number(flags.requests) * Number(flags.rounds), calls, lists }));
} finally {
  for (const stop of stops.reverse()) await stop();
  await rm(folder, { recursive: true, force: true });
}
