/** The agent as a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';

const PROGRAM = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));

describe('agent process', () => {
  const suite = agentSuite();

  function start(env: NodeJS.ProcessEnv, args: readonly string[] = []): { readonly child: ChildProcess; readonly stderr: AsyncIterable<string> } {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    suite().after(() => child.kill('SIGKILL'));
    return { child, stderr: createInterface({ input: child.stderr as NodeJS.ReadableStream }) };
  }

  async function endOf(env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
    const { child, stderr } = start(env, args);
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const lines: string[] = [];
    for await (const line of stderr) lines.push(line);
    const [code] = await exit;
    return { code, lines };
  }

  function good(): NodeJS.ProcessEnv {
    const { controlPlane, socketPath } = suite();
    return { EDGE_ID, EDGE_KEY: controlPlane.joinToken(), EDGE_INSECURE_POLL: '1', DOCKER_HOST: `unix://${socketPath}` };
  }

  it('ends with code 2 and one line for what trying again can not mend', async () => {
    const token = suite().controlPlane.joinToken();
    for (const env of [{ ...good(), EDGE_KEY: token.slice(0, -9) }, { ...good(), EDGE_ID: 'factory-7' }, { ...good(), DOCKER_HOST: 'tcp://127.0.0.1:2375' }]) {
      const { code, lines } = await endOf(env);
      expect(code).to.equal(2);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^homeport agent: /);
    }
    expect((await endOf(good(), ['--no-such-flag'])).code).to.equal(2);
  }).timeout(40_000);

  it('polls by the printed variables, listens on nothing, and ends with code 0 at SIGTERM', async function () {
    const { child, stderr } = start(good());
    const exit = once(child, 'exit');
    const said: string[] = [];
    const reading = (async () => {
      for await (const line of stderr) said.push(line);
    })();
    const { request } = await suite().controlPlane.polls.next();
    expect(request.hello?.edgeId).to.equal(EDGE_ID);
    if (process.platform === 'linux') expect(listeningSockets(child.pid ?? 0)).to.deep.equal([]);
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
    await reading;
    const text = said.join('\n');
    expect(text).to.not.contain(EDGE_ID).and.not.contain(suite().controlPlane.joinToken());
    for (const line of said) expect(() => JSON.parse(line) as unknown, line).to.not.throw();
  });

  it('prefers flags to variables', async () => {
    start({ ...good(), EDGE_ID: '00000000-0000-4000-8000-000000000000' }, ['--edge-id', EDGE_ID]);
    expect((await suite().controlPlane.polls.next()).request.hello?.edgeId).to.equal(EDGE_ID);
  });
});

/** The local addresses, in hexadecimal, of the TCP sockets on which a process listens. */
function listeningSockets(pid: number): readonly string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''];
      } catch {
        return [];
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1));
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && own.has(columns[9] ?? ''))
    .map((columns) => columns[1] ?? '');
}
