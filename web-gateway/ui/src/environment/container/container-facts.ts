/** What people look for in a container, from the engine's own words or from a snapshot. */
import type { SnapshotContainer } from '../engine/snapshot-content.ts';

/** What is not known is null. */
export interface ContainerFacts {
  readonly id: string;
  readonly image: string;
  readonly command: string;
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly exitCode: number | null;
  readonly restartPolicy: string | null;
  readonly restarts: number | null;
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly hostname: string | null;
  readonly networks: readonly string[];
  readonly ports: readonly string[];
  readonly mounts: readonly string[];
  readonly env: Readonly<Record<string, string>> | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of the Docker API's /containers/ID/json; Podman leaves some out. */
interface ApiInspection {
  readonly Id?: string;
  readonly Path?: string;
  readonly Args?: readonly string[] | null;
  readonly Created?: string;
  readonly RestartCount?: number;
  readonly State?: { readonly Running?: boolean; readonly StartedAt?: string; readonly FinishedAt?: string; readonly ExitCode?: number };
  readonly Config?: { readonly Image?: string; readonly User?: string; readonly WorkingDir?: string; readonly Hostname?: string; readonly Env?: readonly string[] | null; readonly Labels?: Readonly<Record<string, string>> | null };
  readonly HostConfig?: { readonly RestartPolicy?: { readonly Name?: string } };
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>> | null; readonly Ports?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>> | null };
  readonly Mounts?: readonly { readonly Type?: string; readonly Name?: string; readonly Source?: string; readonly Destination?: string; readonly RW?: boolean }[] | null;
}

/** @param said the body of /containers/ID/json */
export function factsOfEngine(said: object): ContainerFacts {
  const { Id = '', Path = '', Args, Created = null, RestartCount = null, State = {}, Config = {}, HostConfig = {}, NetworkSettings = {}, Mounts } = said as ApiInspection;
  const policy = HostConfig.RestartPolicy?.Name ?? '';
  return {
    id: Id,
    image: Config.Image ?? '',
    command: [Path, ...(Args ?? [])].join(' '),
    createdAt: Created,
    startedAt: instantOrNull(State.StartedAt),
    finishedAt: State.Running === true ? null : instantOrNull(State.FinishedAt),
    exitCode: State.Running === true ? null : (State.ExitCode ?? null),
    restartPolicy: policy === '' ? 'no' : policy,
    restarts: RestartCount,
    user: Config.User ?? null,
    workingDir: Config.WorkingDir ?? null,
    hostname: Config.Hostname ?? null,
    networks: Object.entries(NetworkSettings.Networks ?? {}).map(([name, { IPAddress = '' }]) => (IPAddress === '' ? name : `${name} ${IPAddress}`)),
    ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, hosts]) => (hosts === null || hosts.length === 0 ? [port] : hosts.map(({ HostIp = '', HostPort = '' }) => `${HostIp}:${HostPort} → ${port}`))),
    mounts: (Mounts ?? []).map(({ Type = '', Name, Source = '', Destination = '', RW }) => `${Type} ${Name ?? Source} → ${Destination}${RW === false ? ' (read only)' : ''}`),
    env: Object.fromEntries((Config.Env ?? []).map((variable) => [variable.split('=', 1)[0] ?? '', variable.includes('=') ? variable.slice(variable.indexOf('=') + 1) : ''])),
    labels: Config.Labels ?? {},
  };
}

/** A snapshot knows less. */
export function factsOfSnapshot({ id, image, command, createdAt, exitCode, state, networks, ports, mounts, env, labels }: SnapshotContainer): ContainerFacts {
  return { id, image, command, createdAt, startedAt: null, finishedAt: null, exitCode: state === 'running' ? null : exitCode, restartPolicy: null, restarts: null, user: null, workingDir: null, hostname: null, networks, ports, mounts, env, labels };
}

/** What never was is the year 1 to the engine. */
function instantOrNull(instant: string | undefined): string | null {
  return instant === undefined || instant.startsWith('0001-') ? null : instant;
}
