/** The Docker API's lists as rows. */
import { askDocker } from '../../api/docker.ts';
import { serverNow } from '../../time/server-clock.ts';
import { projectOf, type EngineRows, type Section } from './engine-rows.ts';

type Labels = Readonly<Record<string, string>> | null;

interface ApiContainer {
  readonly Id: string;
  readonly Names: readonly string[] | null;
  readonly Image: string;
  readonly ImageID: string;
  readonly Created: number;
  readonly State: string;
  readonly Status: string;
  readonly Ports: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number; readonly Type: string }[] | null;
  readonly Labels: Labels;
}

interface ApiImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Size: number;
  readonly Created: number;
}

interface ApiVolume {
  readonly Name: string;
  readonly Driver: string;
  readonly Mountpoint: string;
  readonly Labels: Labels;
}

interface ApiNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Internal: boolean;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null };
  readonly Labels: Labels;
}

interface ApiService {
  readonly ID: string;
  readonly Spec: { readonly Name: string; readonly Labels?: Labels; readonly Mode?: { readonly Replicated?: unknown; readonly Global?: unknown; readonly ReplicatedJob?: unknown; readonly GlobalJob?: unknown }; readonly TaskTemplate?: { readonly ContainerSpec?: { readonly Image?: string } } };
  readonly ServiceStatus?: { readonly RunningTasks?: number; readonly DesiredTasks?: number };
}

interface ApiNode {
  readonly ID: string;
  readonly Spec: { readonly Role: string; readonly Availability: string };
  readonly Description: { readonly Hostname: string; readonly Engine?: { readonly EngineVersion?: string } };
  readonly Status: { readonly State: string; readonly Addr?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean };
}

/** How one of the lists is asked for. Throws ApiError. */
export interface AskEngine {
  readonly environmentId: string;
  readonly node: string | null;
  readonly signal: AbortSignal;
}

/** Each list. Throws ApiError. */
export const askRows: { readonly [Name in Section]: (call: AskEngine) => Promise<EngineRows[Name]> } = {
  async containers({ environmentId, ...call }) {
    const found = await askDocker<readonly ApiContainer[]>(environmentId, '/containers/json', { ...call, query: { all: 1 } });
    const saidAtMs = serverNow();
    return found.map(({ Id, Names, Image, ImageID, Created, State, Status, Ports, Labels }) => ({
      id: Id,
      name: nameOf(Names ?? [], Id),
      image: Image,
      imageId: ImageID,
      state: State,
      health: healthOf(Status),
      says: Status,
      saidAtMs,
      createdAt: instantOf(Created),
      ports: portsOf(Ports ?? []),
      labels: Labels ?? {},
    }));
  },
  async images({ environmentId, ...call }) {
    const found = await askDocker<readonly ApiImage[]>(environmentId, '/images/json', call);
    return found.map(({ Id, RepoTags, Size, Created }) => ({ id: Id, tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'), sizeBytes: Size, createdAt: instantOf(Created) }));
  },
  async volumes({ environmentId, ...call }) {
    const { Volumes } = await askDocker<{ readonly Volumes: readonly ApiVolume[] | null }>(environmentId, '/volumes', call);
    return (Volumes ?? []).map(({ Name, Driver, Mountpoint, Labels }) => ({ name: Name, driver: Driver, mountpoint: Mountpoint, project: projectOf(Labels ?? {}) }));
  },
  async networks({ environmentId, ...call }) {
    const found = await askDocker<readonly ApiNetwork[]>(environmentId, '/networks', call);
    return found.map(({ Id, Name, Driver, Scope, Internal, IPAM, Labels }) => ({
      id: Id,
      name: Name,
      driver: Driver,
      scope: Scope,
      isInternal: Internal,
      subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined || Subnet === '' ? [] : [Subnet])),
      project: projectOf(Labels ?? {}),
    }));
  },
  async services({ environmentId, ...call }) {
    const found = await askDocker<readonly ApiService[]>(environmentId, '/services', { ...call, query: { status: 1 } });
    return found.map(({ ID, Spec, ServiceStatus }) => ({
      id: ID,
      name: Spec.Name,
      image: (Spec.TaskTemplate?.ContainerSpec?.Image ?? '').replace(/@sha256:.*$/, ''),
      mode: modeOf(Spec.Mode),
      desired: ServiceStatus?.DesiredTasks ?? 0,
      running: ServiceStatus?.RunningTasks ?? 0,
      stack: projectOf(Spec.Labels ?? {}),
    }));
  },
  async nodes({ environmentId, ...call }) {
    const found = await askDocker<readonly ApiNode[]>(environmentId, '/nodes', call);
    return found.map(({ ID, Spec, Description, Status, ManagerStatus }) => ({
      id: ID,
      hostname: Description.Hostname,
      role: Spec.Role,
      isLeader: ManagerStatus?.Leader === true,
      availability: Spec.Availability,
      state: Status.State,
      address: Status.Addr ?? '',
      engineVersion: Description.Engine?.EngineVersion ?? '',
    }));
  },
};

/** Names with a slash within are links of other containers to it. */
function nameOf(names: readonly string[], id: string): string {
  const own = names.find((name) => name.lastIndexOf('/') === 0) ?? names[0];
  return own === undefined ? id.slice(0, 12) : own.replace(/^\//, '');
}

/** An image that is built the same each time is dated 1970: nobody knows when that was. */
function instantOf(seconds: number): string | null {
  return seconds <= 0 ? null : new Date(seconds * 1000).toISOString();
}

function healthOf(status: string): string | null {
  return /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1]?.replace('health: ', '') ?? null;
}

/** As `docker ps` has them, IPv4 and IPv6 as one. */
function portsOf(ports: NonNullable<ApiContainer['Ports']>): string[] {
  const texts = ports.map(({ IP, PrivatePort, PublicPort, Type }) => {
    if (PublicPort === undefined) return `${PrivatePort}/${Type}`;
    const host = IP === undefined || IP === '0.0.0.0' || IP === '::' ? '' : IP.includes(':') ? `[${IP}]:` : `${IP}:`;
    return `${host}${PublicPort}→${PrivatePort}/${Type}`;
  });
  return [...new Set(texts)].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

function modeOf(mode: ApiService['Spec']['Mode']): string {
  if (mode?.Global !== undefined) return 'global';
  if (mode?.ReplicatedJob !== undefined) return 'replicated job';
  return mode?.GlobalJob === undefined ? 'replicated' : 'global job';
}
