/** A tiny engine for simulated agents: what an operator sees on the other end of a tunnel that leads nowhere. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { DialFailure } from '../tunnel/dial-target.ts';
import type { DialTarget } from '../tunnel/dial-target.ts';

const VERSION = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64', KernelVersion: '6.1.0', GoVersion: 'go1.24.3', GitCommit: '45873be', BuildTime: '2025-05-30T00:00:00.000000000+00:00' };
const CREATED = 1_748_563_200;

export interface SimulatedEngine {
  /** The Docker socket of the agent of this name. */
  dialTarget(name: string): DialTarget;
  /** What it answers to GET of a path, without `/v1.50` and query; undefined where it would know nothing. */
  answer(name: string, path: string): unknown;
  close(): void;
}

/** Creates the engine of all agents of a process. It changes nothing and keeps nothing: whatever would is answered with 501. */
export function createSimulatedEngine(): SimulatedEngine {
  const names = new WeakMap<Duplex, string>();
  const server = createServer((request, response) => respond(names.get(request.socket as Duplex) ?? '', request, response));
  const open = new Set<Duplex>();

  return {
    dialTarget: (name) => (target) => {
      if (target !== '') return Promise.reject(new DialFailure('target-not-allowed', `This agent has no target named ${JSON.stringify(target)}.`));
      const [ours, theirs] = duplexPair();
      names.set(ours, name);
      open.add(ours);
      ours.on('error', () => undefined).once('close', () => open.delete(ours));
      theirs.once('close', () => ours.destroy());
      server.emit('connection', ours);
      return Promise.resolve(theirs);
    },
    answer,
    close() {
      for (const stream of open) stream.destroy();
    },
  };
}

function respond(name: string, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://engine').pathname.replace(/^\/v\d+\.\d+(?=\/)/, '');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  request.resume();
  response.setHeader('Server', 'Docker/28.2.2 (linux)').setHeader('Api-Version', VERSION.ApiVersion).setHeader('Ostype', VERSION.Os);
  if (isRead && path === '/_ping') return send(request, response, 200, 'text/plain; charset=utf-8', 'OK');
  const found = isRead ? answer(name, path) : undefined;
  if (found !== undefined) return send(request, response, 200, 'application/json', JSON.stringify(found));
  send(request, response, isRead ? 404 : 501, 'application/json', JSON.stringify({ message: isRead ? `the simulated engine of ${name} has no ${path}` : `the engine of ${name} is simulated: nothing can be changed there` }));
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function answer(name: string, path: string): unknown {
  const containers = containersOf(name);
  const inspected = /^\/containers\/([\w.-]+)\/json$/.exec(path)?.[1];
  if (inspected !== undefined) {
    const one = containers.find(({ Id, Names }) => Id.startsWith(inspected) || Names.includes(`/${inspected}`));
    return one === undefined ? undefined : { Id: one.Id, Name: one.Names[0], Image: one.ImageID, State: { Status: one.State, Running: true }, Config: { Image: one.Image, Env: ['PATH=/usr/bin'], Labels: one.Labels } };
  }
  switch (path) {
    case '/version':
      return VERSION;
    case '/info':
      return { ID: name, Name: name, ServerVersion: VERSION.Version, OperatingSystem: 'simulated', OSType: 'linux', Architecture: 'x86_64', KernelVersion: VERSION.KernelVersion, NCPU: 4, MemTotal: 8 * 2 ** 30, Driver: 'overlay2', Containers: containers.length, ContainersRunning: containers.length, ContainersPaused: 0, ContainersStopped: 0, Images: 1, Swarm: { LocalNodeState: 'inactive', ControlAvailable: false } };
    case '/containers/json':
      return containers;
    case '/images/json':
      return [{ Id: `sha256:${'5'.repeat(64)}`, RepoTags: ['simulated/web:1'], RepoDigests: [], Created: CREATED, Size: 12_000_000, Labels: {}, Containers: containers.length }];
    case '/networks':
      return [{ Id: '6'.repeat(64), Name: 'bridge', Driver: 'bridge', Scope: 'local', Labels: {} }];
    case '/volumes':
      return { Volumes: [], Warnings: [] };
    case '/system/df':
      return { LayersSize: 12_000_000, Images: [], Containers: [], Volumes: [], BuildCache: [] };
    default:
      return undefined;
  }
}

interface SimulatedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

function containersOf(name: string): readonly SimulatedContainer[] {
  return ['web', 'worker'].map((role, index) => ({
    Id: String(index + 1).repeat(64),
    Names: [`/${role}`],
    Image: 'simulated/web:1',
    ImageID: `sha256:${'5'.repeat(64)}`,
    Command: role,
    Created: CREATED,
    State: 'running',
    Status: 'Up 2 days',
    Ports: index === 0 ? [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }] : [],
    Labels: { 'simulated.environment': name },
    Mounts: [],
    NetworkSettings: { Networks: { bridge: {} } },
    HostConfig: { NetworkMode: 'bridge' },
  }));
}
