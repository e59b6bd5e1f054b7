/**
 * How long from selecting an environment to its engine's first byte: the agent polls at its default interval, no tunnel is
 * open. `node bench/select.ts [--rounds N]`. Aim: p50 30 ms, p99 200 ms on loopback.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const rounds = Number(values.rounds);
const folder = await mkdtemp(join(tmpdir(), 'homeport-bench-select-'));
const dataDir = join(folder, 'data');
const socketPath = join(folder, 'engine.sock');
const source = (path: string) => new URL(path, import.meta.url).pathname;

const engine = createServer((req, res) => {
  const answer = req.url?.endsWith('/version') === true || req.url?.endsWith('/info') === true ? JSON.stringify({ Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64' }) : 'OK';
  res.setHeader('Content-Length', Buffer.byteLength(answer));
  res.end(answer);
}).listen(socketPath);
await once(engine, 'listening');

const server = spawn(process.execPath, [source('../services/cli/main.ts'), 'serve', '--data-dir', dataDir, '--host', '127.0.0.1', '--https-port', '0', '--tunnel-port', '0', '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
let agent: ReturnType<typeof spawn> | undefined;

try {
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as { url: string; admin: { username: string; password: string } };
  const keepAlive = new Agent({ keepAlive: true, ca: readFileSync(join(dataDir, 'tls', 'ca.pem')) });
  let headers: Record<string, string> = {};

  /** Resolves with the answer; `firstByteMs` is when its body began. */
  const call = (method: string, path: string, body?: unknown): Promise<{ json: unknown; firstByteMs: number; cookie: string }> =>
    new Promise((resolve, reject) => {
      const req = request(new URL(path, ready.url), { method, agent: keepAlive, headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' } }, (res) => {
        let text = '';
        let firstByteMs = 0;
        res.setEncoding('utf8').on('data', (part: string) => {
          if (text === '') firstByteMs = performance.now();
          text += part;
        });
        res.on('end', () => {
          if ((res.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${String(res.statusCode)} ${text}`));
          else resolve({ json: text.startsWith('{') ? JSON.parse(text) : undefined, firstByteMs, cookie: (res.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ') });
        });
      });
      req.on('error', reject);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });

  const { cookie } = await call('POST', '/api/v1/sessions', ready.admin);
  headers = { cookie, 'x-homeport-csrf': '1' };
  const { json } = await call('POST', '/api/v1/environments', { name: 'bench', address: new URL(ready.url).host, allowLoopback: true });
  const { id, joinToken, issuedEdgeId } = json as { id: string; joinToken: string; issuedEdgeId: string };
  agent = spawn(process.execPath, [source('../agent/standalone.ts')], {
    env: { ...process.env, EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DOCKER_HOST: `unix://${socketPath}`, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const environment = `/api/v1/environments/${id}`;
  for (;;) {
    const { json: state } = await call('GET', environment);
    if ((state as { status: string }).status === 'up') break;
  }

  const selected: number[] = [];
  const pings: number[] = [];
  for (let round = 0; round < rounds + 3; round++) {
    const startedMs = performance.now();
    await call('POST', `${environment}/connection?waitSeconds=10`);
    const { firstByteMs } = await call('GET', `${environment}/docker/_ping`);
    const pingStartedMs = performance.now();
    const again = await call('GET', `${environment}/docker/_ping`);
    // The first rounds warm both processes up.
    if (round >= 3) {
      selected.push(firstByteMs - startedMs);
      pings.push(again.firstByteMs - pingStartedMs);
    }
    await call('DELETE', `${environment}/connection`);
  }

  const at = (list: readonly number[], share: number) => Number(([...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? NaN).toFixed(1));
  const result = {
    rounds,
    selectMs: { p50: at(selected, 0.5), p90: at(selected, 0.9), p99: at(selected, 0.99), max: at(selected, 1) },
    pingMs: { p50: at(pings, 0.5), p99: at(pings, 0.99) },
    aimMs: { p50: 30, p99: 200 },
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg().map((one) => Number(one.toFixed(2))) },
  };
  console.table({ 'select to first byte, ms': result.selectMs, 'GET through the open tunnel, ms': result.pingMs });
  console.log(JSON.stringify(result));
  keepAlive.destroy();
} finally {
  agent?.kill('SIGTERM');
  server.kill('SIGTERM');
  await once(server, 'exit');
  engine.close();
  engine.closeAllConnections();
  await rm(folder, { recursive: true });
}
