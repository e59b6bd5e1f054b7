/** What the engine says about itself and its node, as the agent reports it. */
import type { Engine, Swarm } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { getDockerJson } from './docker-json.ts';

/** A reachable engine. */
export interface EngineReport {
  readonly engine: Engine;
  /** The node's host name, by the engine: in a container the agent's own is another. */
  readonly node: string;
  /** Such as linux/amd64. */
  readonly platform: string;
  /** Undefined where the node is in no Swarm. */
  readonly swarm: Swarm | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** Asks the engine for /version and /info. Throws what `getDockerJson` throws. */
export async function readEngine(socketPath: string, signal: AbortSignal): Promise<EngineReport> {
  const [version, info] = (await Promise.all([
    getDockerJson(socketPath, '/version', signal),
    getDockerJson(socketPath, '/info', signal),
  ])).map(objectOf);
  return reportFrom(version ?? {}, info ?? {});
}

/** Forms the report from the two answers; what is missing in them is empty. */
export function reportFrom(version: Json, info: Json): EngineReport {
  const components = Array.isArray(version.Components) ? version.Components.map(objectOf) : [];
  const isPodman = components.some((component) => textOf(component.Name).startsWith('Podman'));
  return {
    engine: { name: isPodman ? 'podman' : 'docker', version: textOf(version.Version), apiVersion: textOf(version.ApiVersion) },
    node: textOf(info.Name),
    platform: `${textOf(version.Os)}/${textOf(version.Arch)}`,
    swarm: swarmFrom(objectOf(info.Swarm)),
  };
}

/** A worker does not know its cluster's id: then it is empty. */
function swarmFrom(swarm: Json): Swarm | undefined {
  const nodeId = textOf(swarm.NodeID);
  if (swarm.LocalNodeState !== 'active' || nodeId === '') return undefined;
  return { clusterId: textOf(objectOf(swarm.Cluster).ID), nodeId, manager: swarm.ControlAvailable === true };
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
