/**
 * Records what agent and control plane say to each other, for test/wire/recorded: `node test/wire/record.ts`, which takes
 * about two minutes. To be run when a release is made; what earlier releases said is never recorded again.
 *
 * A server, an agent and an engine of fixed answers are started; a tap on each port notes every message. The installation is
 * made for this and thrown away, so that its keys can be kept with the messages.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { certificateSpkiSha256 } from '../../proto/fingerprint.ts';
import { releaseVersion } from '../../proto/release.ts';
import { createApi, type Api, type CreatedEnvironment } from '../e2e/failures/support/api.ts';
import { runProcess, startProcess, type RunningProcess } from '../support/child-process.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { STANDALONE_AGENT, startHomeport } from '../support/homeport.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { RECORDED_SOCKET as socketPath, startRecordedEngine } from './engine.ts';
import { RECORDED, type RecordedInstallation, type Step } from './recording.ts';
import { startTap, type Notes } from './tap.ts';

/** Both ends name their live channels once a minute. */
const LIVE_CHANNELS_MS = 65_000;
/** More than the engine reads ahead, and less than a channel takes from the client while nobody reads. */
const MOST_UNREAD_BYTES = 100 * 1024;

const out = path.join(RECORDED, releaseVersion());
if (existsSync(out) && process.argv[2] !== '--again') {
  process.stderr.write(`${releaseVersion()} was recorded already; before it is released, --again records it anew\n`);
  process.exit(2);
}
const folder = createTemporaryFolder();
const server = await startHomeport();
const tls = (name: string): string => readFileSync(path.join(server.dataDir, 'tls', name), 'utf8');
const api = await createApi(server);

let steps: Step[] = [];
let calls = 0;
let connections = 0;
const notes: Notes = {
  note: (step) => void steps.push(step),
  nextCall: () => ++calls,
  nextConnection: () => ++connections,
};
const apiTap = await startTap(server.httpsPort, { key: tls('api.key'), cert: tls('api.pem') }, notes);
const tunnelTap = await startTap(server.tunnelPort, { key: tls('tunnel.key'), cert: tls('tunnel.pem') }, notes);
// What is recorded names no address of any machine.
const proxy = await startConnectProxy({ names: { 'homeport.recorded:9443': apiTap.port, 'moved.homeport.recorded:9443': apiTap.port, 'homeport.recorded:8000': tunnelTap.port } });

mkdirSync(out, { recursive: true });

try {
  const environment = await api.createEnvironment({ name: 'recorded', address: 'homeport.recorded:9443', tunnelAddress: 'homeport.recorded:8000', pollIntervalSeconds: 1 });
  writeJson('installation.json', await installationOf(environment));
  await scene('main', () => mainScene(environment));
  await scene('live-channels', () => liveChannels(environment));
  await scene('troubles', () => troubles(environment));
  await scene('endpoints', () => endpoints(environment));
  await scene('rotated', () => rotated(environment));
  const image = path.join(out, 'homeport.binpb');
  const built = await runProcess(path.join(import.meta.dirname, '../../node_modules/.bin/buf'), ['build', path.join(import.meta.dirname, '../..'), '--exclude-source-info', '--output', image]);
  if (built.code !== 0) throw new Error(built.stderr);
} finally {
  proxy.stop();
  apiTap.close();
  tunnelTap.close();
  await server.remove();
  folder.remove();
}

/** A binding, association, a snapshot, a tunnel, a request, half-closes, the idle close, and the agent's end. */
async function mainScene(environment: CreatedEnvironment): Promise<void> {
  const engine = await startRecordedEngine(socketPath);
  const agent = startAgent(environment, { EDGE_INACTIVITY_TIMEOUT: '2s' });
  await saidBy('a snapshot', ({ is, ...step }) => is === 'said' && 'unchanged' in ((step as { says?: object }).says ?? {}));
  await call(environment, '/containers/json');
  const raw = await api.upgrade(dockerPath(environment, '/containers/c0ffee/attach?stdin=1&stdout=1&stream=1'), {});
  raw.end('twelve bytes');
  for await (const _piece of raw);
  await agent.waitFor(/"reason":"idle".*tunnel ended/);
  await agent.stop();
  await engine.close();
}

/** A new address and a new tunnel certificate: the agent is told, and goes by both. */
async function endpoints(environment: CreatedEnvironment): Promise<void> {
  const engine = await startRecordedEngine(socketPath);
  const agent = startAgent(environment, {});
  await saidBy('a poll', (step) => step.is === 'said' && step.by === 'agent' && (step.says as { sequence?: number }).sequence === 2);
  await api.call('PATCH', `/environments/${environment.id}`, { address: 'moved.homeport.recorded:9443', tunnelAddress: 'homeport.recorded:8000' });
  await agent.waitFor(/moved\.homeport\.recorded:9443/);
  await api.call('POST', '/settings/tunnel-certificate/rotate', {});
  await saidBy('the new fingerprint in a hello', (step) => step.is === 'said' && step.by === 'agent' && fingerprintsIn(step.says) === 2);
  await agent.stop();
  await engine.close();
}

function fingerprintsIn(says: unknown): number {
  return (says as { readonly hello?: { readonly endpoints?: { readonly fingerprints: readonly string[] } } }).hello?.endpoints?.fingerprints.length ?? 0;
}

/** Both ends name a channel that lives for longer than a minute; then its client goes, and the agent stops. */
async function liveChannels(environment: CreatedEnvironment): Promise<void> {
  const engine = await startRecordedEngine(socketPath);
  const agent = startAgent(environment, {});
  const followed = await api.open('GET', dockerPath(environment, '/events'));
  await delay(LIVE_CHANNELS_MS);
  followed.destroy();
  await saidBy('a reset by the control plane', (step) => step.is === 'said' && step.by === 'control-plane' && JSON.stringify(step.says).includes('"reset"'));
  await agent.stop();
  await engine.close();
}

/** A tunnel that can't be opened, a connection that the engine breaks, and a dial that comes to nothing. */
async function troubles(environment: CreatedEnvironment): Promise<void> {
  const engine = await startRecordedEngine(socketPath);
  proxy.refuse('homeport.recorded:8000');
  const agent = startAgent(environment, {});
  const asked = call(environment, '/version');
  await agent.waitFor(/"code":"proxy-/);
  proxy.allow('homeport.recorded:8000');
  await asked;
  const broken = await api.upgrade(dockerPath(environment, '/containers/broken/attach?stdin=1&stream=1'), {});
  broken.on('error', () => undefined).write(Buffer.alloc(MOST_UNREAD_BYTES));
  broken.resume();
  await saidBy('a reset by the agent', (step) => step.is === 'said' && step.by === 'agent' && JSON.stringify(step.says).includes('"reset"'));
  broken.destroy();
  await engine.close();
  await call(environment, '/version');
  await agent.stop();
}

/** The token is rotated while a tunnel is open: the tunnel is drained, the polls are refused. */
async function rotated(environment: CreatedEnvironment): Promise<void> {
  const engine = await startRecordedEngine(socketPath);
  const agent = startAgent(environment, {});
  await call(environment, '/version');
  await api.call('POST', `/environments/${environment.id}/rotate-token`);
  await agent.waitFor(/"code":"token-rotated"/);
  await agent.waitFor(/tunnel ended/);
  await agent.stop();
  await engine.close();
}

function startAgent({ issuedEdgeId, joinToken }: CreatedEnvironment, env: Readonly<Record<string, string>>): RunningProcess {
  const variables = { EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DOCKER_HOST: `unix://${socketPath}`, DATA_PATH: mkdtempSync(path.join(folder.path, 'kept-')), HTTPS_PROXY: proxy.url };
  return startProcess(process.execPath, [STANDALONE_AGENT], { env: { ...variables, ...env } });
}

function dockerPath({ id }: CreatedEnvironment, name: string): string {
  return `/environments/${id}/docker${name}`;
}

function call(environment: CreatedEnvironment, name: string): ReturnType<Api['call']> {
  return api.call('GET', dockerPath(environment, name));
}

function saidBy(what: string, fits: (step: Step) => boolean): Promise<true> {
  return eventually(what, () => (steps.some(fits) ? true : undefined), 20_000);
}

async function scene(name: string, play: () => Promise<void>): Promise<void> {
  steps = [];
  await play();
  writeFileSync(path.join(out, `${name}.scene.json`), `[\n${steps.map((step) => JSON.stringify(step)).join(',\n')}\n]\n`);
  process.stdout.write(`${name}: ${String(steps.length)} steps\n`);
}

async function installationOf({ id, issuedEdgeId, joinToken }: CreatedEnvironment): Promise<RecordedInstallation> {
  const events = (await api.events(`stream=environment-${id}`)) as unknown as RecordedInstallation['events'];
  return {
    release: releaseVersion(),
    recordedAtMs: Date.now(),
    installationKey: readFileSync(path.join(server.dataDir, 'keys', 'installation.key'), 'utf8').trim(),
    tunnelKey: createPrivateKey(tls('tunnel.key')).export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    tunnelCertificate: tls('tunnel.pem'),
    apiSpkiSha256: certificateSpkiSha256(new X509Certificate(tls('api.pem'))).toString('hex'),
    environmentId: id,
    edgeId: issuedEdgeId,
    joinToken,
    events: events.map(({ id: eventId, type, data, metadata }) => ({ id: eventId, type, data, metadata })),
  };
}

function writeJson(name: string, value: unknown): void {
  writeFileSync(path.join(out, name), `${JSON.stringify(value, null, 2)}\n`);
}
