/** A Swarm of five nodes, each with an agent of its own: one of them opens the environment's tunnel, and each can be asked for. */
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { RunningProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { startHttpEngine } from '../../web-gateway/support/fake-engine.ts';
import type { FakeEngine } from '../../web-gateway/support/fake-engine.ts';
import type { CreatedEnvironment } from '../failures/support/api.ts';
import { dockerPath, startSite } from '../failures/support/site.ts';
import type { Site } from '../failures/support/site.ts';

const NODES = ['manager1', 'manager2', 'worker1', 'worker2', 'worker3'] as const;
type Node = (typeof NODES)[number];

const idOf = (node: string): string => `id${node}`;

describe('a Swarm of five nodes', function () {
  this.timeout(60_000);
  const engines: FakeEngine[] = [];
  const agents = new Map<Node, RunningProcess>();
  let site: Site | undefined;
  let environment: CreatedEnvironment;

  before(async () => {
    site = await startSite();
    environment = await site.api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    for (const node of NODES) {
      const socket = path.join(site.folder, `${node}.sock`);
      engines.push(await startEngineOf(node, socket));
      agents.set(node, site.startAgent(environment, { DOCKER_HOST: `unix://${socket}`, DATA_PATH: path.join(site.folder, node) }));
    }
    await eventually('all agents', async () => (await agentNodes()).length === NODES.length || undefined, 40_000);
  });
  after(async () => {
    await site?.stop();
    for (const engine of engines) await engine.close();
  });

  function api(): Site['api'] {
    if (site === undefined) throw new Error('the hook failed');
    return site.api;
  }

  async function shown(): Promise<{ readonly agents: readonly { readonly node: string }[]; readonly tunnels: readonly { readonly node: string; readonly state: string }[] }> {
    return (await api().call('GET', `/environments/${environment.id}`)).body as never;
  }
  const agentNodes = async () => (await shown()).agents.map(({ node }) => node);

  /** The host name of the node whose engine answers; or the error's code. */
  async function whoAnswers(node?: string): Promise<string> {
    const answer = await api().open('GET', dockerPath(environment, '/info'), node === undefined ? {} : { 'x-homeport-node': node });
    const { Name, code } = JSON.parse(await text(answer)) as { readonly Name?: string; readonly code?: string };
    return Name ?? code ?? '';
  }

  const opened = async (stream: string) =>
    (await api().events(`stream=${stream}`)).filter(({ type }) => type === 'TunnelOpened').map(({ data }) => data.agentNode as string);

  it('opens one tunnel, to a manager, however many ask at once', async () => {
    const answers = new Set(await Promise.all(Array.from({ length: 10 }, () => whoAnswers())));
    expect([...answers].join()).to.match(/^manager[12]$/);
    expect(await opened(`tunnel-${environment.id}`)).to.deep.equal([...answers]);
  });

  it('opens a tunnel of its own to each node that is asked for, by id or by host name', async () => {
    expect(await Promise.all([whoAnswers('worker2'), whoAnswers(idOf('worker3')), whoAnswers('WORKER2')])).to.deep.equal(['worker2', 'worker3', 'worker2']);
    expect(await opened(`tunnel-${environment.id}_${idOf('worker2')}`)).to.deep.equal(['worker2']);
    const { tunnels } = await eventually('the tunnels to be shown', async () => {
      const view = await shown();
      return view.tunnels.length === 2 && view.tunnels.every(({ state }) => state === 'open') ? view : undefined;
    });
    expect(tunnels.map(({ node }) => node).sort()).to.deep.equal([idOf('worker2'), idOf('worker3')]);
  });

  it('passes a worker’s exec and logs on', async () => {
    const headers = { 'x-homeport-node': 'worker1' };
    const logs = await api().open('GET', dockerPath(environment, '/containers/box/logs?follow=1&stdout=1'), headers);
    expect(await text(logs)).to.equal('logs of worker1\n');
    const exec = await api().upgrade(dockerPath(environment, '/exec/e1/start'), { Tty: true }, headers);
    exec.end('hello');
    expect(await text(exec)).to.equal('worker1 hears hello');
  });

  it('says which nodes there are where one is asked for that is not', async () => {
    const answer = await api().call('POST', `/environments/${environment.id}/connection?node=worker9`);
    expect(answer.status).to.equal(404);
    expect(answer.body).to.include({ code: 'node-not-found' });
    expect((answer.body as { readonly detail: string }).detail).to.match(/worker1 \(idworker1\)/);
    expect(await whoAnswers('worker9')).to.equal('node-not-found');
  });

  it('requires another manager at once when the node that holds the tunnel dies', async () => {
    const [holder] = await opened(`tunnel-${environment.id}`);
    await agents.get(holder as Node)?.stop('SIGKILL');
    const next = holder === 'manager1' ? 'manager2' : 'manager1';
    // What comes in meanwhile waits, and then works.
    expect(await eventually('an answer', async () => ((await whoAnswers()) === next ? next : undefined), 20_000)).to.equal(next);
    expect(await opened(`tunnel-${environment.id}`)).to.deep.equal([holder, next]);
  });

  it('takes a worker where no manager is left, and nobody else’s tunnel is disturbed', async () => {
    for (const node of ['manager1', 'manager2'] as const) await agents.get(node)?.stop('SIGKILL');
    expect(await eventually('an answer', async () => /^worker\d$/.exec(await whoAnswers())?.[0], 30_000)).to.match(/^worker\d$/);
    expect(await opened(`tunnel-${environment.id}_${idOf('worker2')}`)).to.deep.equal(['worker2']);
    expect(await whoAnswers('worker2')).to.equal('worker2');
  });
});

/** An engine as far as an agent and these calls look at it. */
function startEngineOf(node: Node, socket: string): Promise<FakeEngine> {
  const swarm = { NodeID: idOf(node), LocalNodeState: 'active', ControlAvailable: node.startsWith('manager'), Cluster: { ID: 'cluster' } };
  const answers: Readonly<Record<string, object>> = {
    '/version': { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64' },
    '/info': { Name: node, Swarm: swarm },
  };
  return startHttpEngine(
    socket,
    (req, res) => {
      if (req.url?.startsWith('/containers/box/logs') === true) return void res.end(`logs of ${node}\n`);
      const answer = answers[req.url ?? ''];
      res.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? { message: 'page not found' }));
    },
    (_req, connection) => {
      connection.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      // The request's body comes first on a connection that was taken over.
      let heard = '';
      connection.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      connection.on('end', () => connection.end(`${node} hears ${heard.replace(/^\{.*?\}/, '')}`));
    },
  );
}
