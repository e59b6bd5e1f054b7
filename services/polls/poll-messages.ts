/** Between the wire's messages and the application's words. */
import { isEdgeId } from '../../proto/edge-id.ts';
import { ENDPOINTS_NONCE_BYTES } from '../../proto/endpoints.ts';
import type { AgentHello, EndpointsInUse as WireEndpointsInUse, PollRequest, PollResponse, SignedEndpoints } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { JOIN_SECRET_BYTES } from '../../proto/join-secret.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { type CredentialsKeyParts, sealCredentials } from '../../proto/sealed-credentials.ts';
import { MOST_FINGERPRINTS } from '../../proto/succession.ts';
import type { EndpointsInUse, EndpointsNews, Poll, PollAdmission, PollAnswer, PollIntroduction } from '../application/ports/poll-admission.ts';
import type { AgentReport } from '../domain/events.ts';

/** The lowest protocol version still served. */
export const minProtocolVersion = 1;

/** What is wrong with a hello that can't even be looked up, with words for the agent's log. */
interface HelloFlaw {
  readonly reason: 'malformed-token' | 'malformed-edge-id' | 'version-too-old';
  readonly message: string;
}

const longest = { environmentId: 64, instanceId: 64, text: 256 };

/** The first flaw of a hello, or undefined. */
function flawOf(hello: AgentHello): HelloFlaw | undefined {
  const { environmentId, joinSecret, edgeId, instanceId, protocolVersion } = hello;
  if (protocolVersion < minProtocolVersion) {
    return { reason: 'version-too-old', message: `this agent speaks protocol ${String(protocolVersion)}; ${String(minProtocolVersion)} is the oldest served: update the agent` };
  }
  const isId = /^[a-z0-9]+$/.test(environmentId) && environmentId.length <= longest.environmentId;
  if (!isId || joinSecret.length !== JOIN_SECRET_BYTES) {
    return { reason: 'malformed-token', message: 'the join token (EDGE_KEY) is not whole; copy it again from the environment' };
  }
  if (!isEdgeId(edgeId)) return { reason: 'malformed-edge-id', message: 'the Edge ID (EDGE_ID) is not a UUID' };
  if (!/^[\w-]+$/.test(instanceId) || instanceId.length > longest.instanceId) {
    return { reason: 'malformed-token', message: 'the instance id is missing or too long' };
  }
  return undefined;
}

/** What an agent reports, its texts cut to a sane length. */
export function reportOf(hello: AgentHello): AgentReport {
  const { node, version, protocolVersion, platform, engine, swarm } = hello;
  return {
    node: cut(node),
    version: cut(version),
    protocolVersion: Math.min(protocolVersion, PROTOCOL_VERSION),
    platform: cut(platform),
    engine: engine === undefined ? null : { name: cut(engine.name), version: cut(engine.version), apiVersion: cut(engine.apiVersion) },
    swarm: swarm === undefined || !/^[a-z0-9]{1,64}$/.test(swarm.nodeId) ? null : { clusterId: cut(swarm.clusterId), nodeId: swarm.nodeId, manager: swarm.manager },
  };
}

/** Reads the hello that must begin a call. Throws AgentRefused, already recorded, where it is missing or has a flaw. */
export function readIntroduction(hello: AgentHello | undefined, address: string, admission: Pick<PollAdmission, 'refuseMalformed'>): PollIntroduction {
  if (hello === undefined) throw admission.refuseMalformed('malformed-token', address, 'the first request of a call must carry the hello');
  const flaw = flawOf(hello);
  if (flaw !== undefined) throw admission.refuseMalformed(flaw.reason, address, flaw.message);
  return introductionOf(hello, address);
}

function introductionOf(hello: AgentHello, address: string): PollIntroduction {
  const { environmentId, joinSecret, instanceId } = hello;
  return { environmentId, joinSecret, edgeId: hello.edgeId.toLowerCase(), instanceId, report: reportOf(hello), endpoints: endpointsOf(hello.endpoints), address };
}

/** Which endpoints an agent goes by, within bounds; undefined where it names no nonce, without which it would believe none. */
function endpointsOf(inUse: WireEndpointsInUse | undefined): EndpointsInUse | undefined {
  if (inUse?.nonce.length !== ENDPOINTS_NONCE_BYTES) return undefined;
  const { version, failure } = inUse;
  return {
    version,
    fingerprints: inUse.fingerprints.slice(0, MOST_FINGERPRINTS).map((one) => Buffer.from(one).toString('base64')),
    failure: failure === undefined ? null : { address: cut(failure.address), port: failure.isTunnel ? 'tunnel' : 'api', reason: code(failure.reason), detail: cut(failure.detail) },
  };
}

/** One request as a poll. */
export function pollOf(request: PollRequest): Poll {
  const { sequence, confirmedSequence, heldCredentialsIds, tunnelFailure, hello } = request;
  return {
    sequence,
    confirmedSequence,
    heldCredentialsIds,
    tunnelFailure:
      tunnelFailure === undefined
        ? null
        : { credentialsId: tunnelFailure.credentialsId, reason: code(tunnelFailure.reason), detail: cut(tunnelFailure.detail) },
    report: hello === undefined ? null : reportOf(hello),
    endpoints: endpointsOf(hello?.endpoints),
  };
}

/** Puts the tunnel identity's signature under endpoints and the nonce that they answer. */
export type SignEndpoints = (news: EndpointsNews, nonce: Uint8Array) => SignedEndpoints;

/** Who is answered: the one agent that may read tunnel credentials, and the nonce of its hello (empty where it named none). */
export interface Addressee extends CredentialsKeyParts {
  readonly nonce: Uint8Array;
}

/** The wire's answer, for one agent alone. */
export function responseOf(answer: PollAnswer, { nonce, ...keyParts }: Addressee, sign: SignEndpoints): PollResponse {
  const { confirmedSequence, pollIntervalMs, reconnectSpreadMs, required, takeSnapshot, maskSecrets, endpoints } = answer;
  return {
    confirmedSequence,
    pollIntervalMs,
    reconnectSpreadMs,
    minProtocolVersion,
    takeSnapshot,
    keepSecretsInSnapshots: !maskSecrets,
    endpoints: endpoints === undefined ? undefined : sign(endpoints, nonce),
    required: required.map((credentials) => ({ sealed: sealCredentials({ ...credentials }, keyParts) })),
  };
}

/** Printable text of bounded length: what an agent says ends up in logs, events and pages. */
function cut(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, longest.text);
}

function code(text: string): string {
  return /^[a-z0-9-]{1,64}$/.test(text) ? text : 'unknown';
}
