/** The doctor's checks, each by the agent's own ways of connecting; nothing is recorded by them but a refusal. */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { BINDING_NONCE_BYTES } from '../../proto/binding.ts';
import { certificateSpkiSha256 } from '../../proto/fingerprint.ts';
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { formatHostPort, parseHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { apiAddress } from '../../proto/join-token.ts';
import { followSuccessions, includesFingerprint } from '../../proto/succession.ts';
import { AgentOptionsError } from '../agent-error.ts';
import { accessByAuthorities, accessByBinding } from '../connection/api-access.ts';
import { ConnectFailure, connectFailureFrom } from '../connection/connect-failure.ts';
import { openSocket } from '../connection/open-socket.ts';
import type { Proxy } from '../connection/proxy.ts';
import { requestBinding } from '../connection/request-binding.ts';
import { shakeHands } from '../connection/tls-handshake.ts';
import { endpointsOfToken } from '../endpoints/agent-endpoints.ts';
import { endpointsFile } from '../endpoints/kept-endpoints.ts';
import type { EndpointsFile, KeptEndpoints } from '../endpoints/kept-endpoints.ts';
import { readEngine } from '../engine/engine-report.ts';
import { engineTrouble } from '../engine/engine-trouble.ts';
import type { AgentOptions } from '../options.ts';
import { checkCredentials } from './check-credentials.ts';
import type { CheckName } from './diagnose.ts';
import { DoctorFailure } from './doctor-failure.ts';

/** Resolves with what was seen to be fine. Throws {@link DoctorFailure}, `ConnectFailure`, or the signal's reason. */
export type Check = (signal: AbortSignal) => Promise<string>;

export interface Checks {
  readonly inOrder: readonly (readonly [CheckName, Check])[];
  close(): void;
}

/** Creates the checks for an agent's options; later ones use what earlier ones opened. */
export function createChecks({ token, edgeId, isInsecurePoll, caPem, dockerSocket, dataPath, proxyFor }: AgentOptions): Checks {
  const file = endpointsFile(dataPath, token);
  const { kept, trouble } = readKept(file);
  const { apiUrl, tunnelAddress, fingerprints } = kept ?? endpointsOfToken(token);
  const tunnel = parseHostPort(tunnelAddress);
  if (tunnel === undefined) throw new AgentOptionsError('malformed-token', 'the join token (EDGE_KEY) is broken');
  const api = apiAddress({ apiUrl });
  const proxies = { api: proxyFor(api), tunnel: proxyFor(tunnel) };
  let client: PollServiceClient | undefined;

  const dataPathCheck: Check = async () => {
    if (trouble !== undefined) throw trouble;
    return kept === undefined ? `nothing is kept in ${dataPath}; the join token's addresses hold` : `the addresses kept in ${file.path} hold`;
  };

  const dns: Check = async () => {
    const names = new Map<string, { readonly isProxy: boolean }>();
    for (const [target, proxy] of [[api, proxies.api], [tunnel, proxies.tunnel]] as const) names.set((proxy?.address ?? target).host, { isProxy: proxy !== undefined });
    const said: string[] = [];
    for (const [host, { isProxy }] of names) said.push(await resolve(host, isProxy));
    return said.join(', ');
  };

  const proxy: Check = async (signal) => {
    const used = [...new Set([proxies.api, proxies.tunnel].filter((one) => one !== undefined))];
    for (const one of used) (await openThrough(one.address, undefined, signal, 'proxy-unreachable')).destroy();
    // One that may not or can't go further says so; what it says of a target it can't reach is the target's trouble.
    for (const [target, one] of [[api, proxies.api], [tunnel, proxies.tunnel]] as const) {
      if (one !== undefined) await reach(target, one, signal).catch(unlessTheTargets);
    }
    return used.length === 0 ? 'none is used' : used.map(({ address }) => formatHostPort(address)).join(', ');
  };

  const portOf = (target: HostPort, through: Proxy | undefined): Check => async (signal) => {
    await reach(target, through, signal);
    return `${formatHostPort(target)} answers`;
  };

  const certificate: Check = async (signal) => {
    const access = isInsecurePoll ? accessByBinding(api, proxies.api, () => fingerprints) : accessByAuthorities(api, proxies.api, caPem);
    client = await access(signal);
    return isInsecurePoll ? "proven by the join token's control plane" : 'verified by authorities';
  };

  const pin: Check = async (signal) => {
    if (client === undefined) throw new Error('checked before the certificate');
    const shown = certificateSpkiSha256(await shakeHands(tunnel, proxies.tunnel, { anyCertificate: true }, signal));
    if (!includesFingerprint(await followed(client, fingerprints), shown)) throw new ConnectFailure('fingerprint-mismatch', `${formatHostPort(tunnel)} shows none of the keys that this agent accepts`);
    return `${formatHostPort(tunnel)} shows a key that this agent accepts`;
  };

  const credentials: Check = async (signal) => {
    if (client === undefined) throw new Error('checked before the certificate');
    await checkCredentials(client, { environmentId: token.environmentId, joinSecret: token.joinSecret, edgeId }, signal);
    return `environment ${token.environmentId} takes this agent`;
  };

  const docker: Check = async (signal) => {
    try {
      const { engine } = await readEngine(dockerSocket, signal);
      return `${engine.name} ${engine.version} answers on ${dockerSocket}`;
    } catch (error) {
      const { code, advice, detail } = engineTrouble(error);
      throw new DoctorFailure(code, advice, `${dockerSocket}: ${detail}`, error);
    }
  };

  return {
    inOrder: [
      ['data-path', dataPathCheck],
      ['dns', dns],
      ['proxy', proxy],
      ['api-port', portOf(api, proxies.api)],
      ['certificate', certificate],
      ['tunnel-port', portOf(tunnel, proxies.tunnel)],
      ['pin', pin],
      ['credentials', credentials],
      ['docker-socket', docker],
    ],
    close: () => client?.close(),
  };
}

/** The fingerprints an agent accepts, and those that rotations led to since, as it learns them with its first answer. */
async function followed(client: PollServiceClient, fingerprints: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const { successions } = await requestBinding(client, randomBytes(BINDING_NONCE_BYTES), fingerprints);
  return followSuccessions(fingerprints, successions);
}

/** What the control plane told the agent since. Where it can't be read the agent goes by its join token, which may be of long ago. */
function readKept(file: EndpointsFile): { readonly kept: KeptEndpoints | undefined; readonly trouble: DoctorFailure | undefined } {
  try {
    return { kept: file.read(), trouble: undefined };
  } catch (error) {
    const advice = 'the addresses kept in DATA_PATH cannot be read; run this as the user that the agent runs as, or remove the file: the control plane tells the agent anew';
    const detail = `${file.path}: ${error instanceof Error ? error.message : String(error)}`;
    return { kept: undefined, trouble: new DoctorFailure('data-path-unreadable', advice, detail, error) };
  }
}

async function resolve(host: string, isProxy: boolean): Promise<string> {
  if (isIP(host) !== 0) return `${host} needs none`;
  try {
    const addresses = await lookup(host, { all: true });
    return `${host} is ${addresses.map(({ address }) => address).join(' and ')}`;
  } catch (error) {
    const detail = `${host}: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConnectFailure(isProxy ? 'proxy-unreachable' : 'name-not-found', detail, error);
  }
}

async function reach(target: HostPort, through: Proxy | undefined, signal: AbortSignal): Promise<void> {
  (await openThrough(target, through, signal)).destroy();
}

/** Opens a socket; a failure keeps what the system said and names the address. */
async function openThrough(target: HostPort, through: Proxy | undefined, signal: AbortSignal, code?: ConnectFailure['code']): Promise<{ destroy(): void }> {
  try {
    return await openSocket(target, through, signal);
  } catch (error) {
    signal.throwIfAborted();
    const failure = connectFailureFrom(error);
    throw new ConnectFailure(code ?? failure.code, `${formatHostPort(target)}: ${failure.detail ?? failure.code}`, error);
  }
}

function unlessTheTargets(error: unknown): void {
  if (!(error instanceof ConnectFailure && error.code === 'proxy-cannot-connect')) throw error;
}
