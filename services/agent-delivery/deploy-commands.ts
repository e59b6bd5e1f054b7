/**
 * The commands that fetch and start an agent, to be pasted into a POSIX shell as they are. What the agent gets is one socket and
 * one volume: a root file system that it can't write to, no capability, and no way to more of them.
 */
import { isLoopbackHost } from '../../proto/host-port.ts';
import { apiAddress, parseJoinToken } from '../../proto/join-token.ts';
import type { DeployCommands, DeployTarget } from './port.ts';
import { hereDocument, shellCommand, shellWord } from './shell-text.ts';

/** How the control plane's certificate can be verified. */
export interface ServedTrust {
  /** SHA-256 over the SPKI of the certificate, 32 bytes. */
  readonly spkiSha256: Uint8Array;
  /** Whether other machines trust it by themselves. Where not, the agent verifies it by its join token. */
  readonly isPublic: boolean;
}

/** What its container, service or project is called. */
export const AGENT_NAME = 'homeport-agent';
const SOCKET = '/var/run/docker.sock';
const PODMAN_SOCKET = '/run/podman/podman.sock';
const VOLUME = 'homeport-agent-data';
/** The engine's own, or else the program of its own that it was before and that distributions still have (1.27 or later). */
const COMPOSE = '$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)';

/** @param image the name in the served image archive. Throws JoinTokenError for a join token that can't be read. */
export function deployCommands({ edgeId, joinToken }: DeployTarget, served: ServedTrust, image: string): DeployCommands {
  const token = parseJoinToken(joinToken);
  const url = token.apiUrl;
  // A container's own loopback is not the machine's.
  const isLocal = isLoopbackHost(apiAddress(token).host);
  const network = isLocal ? ['--network host'] : [];
  const pin = `sha256//${Buffer.from(served.spkiSha256).toString('base64')}`;
  const variables: readonly (readonly [name: string, value: string])[] = [
    ['EDGE_ID', edgeId],
    ['EDGE_KEY', joinToken],
    ...(served.isPublic ? [] : ([['EDGE_INSECURE_POLL', '1']] as const)),
  ];
  // With -k the key is still compared, and it alone. Where many download at once some are asked to wait, which curl does.
  const fetch = (file: string): string => `curl -fsS${served.isPublic ? '' : 'k'} --retry 9 --pinnedpubkey ${shellWord(pin)} ${shellWord(`${url}/agent/${file}`)}`;
  const environment = variables.map(([name, value]) => `--env ${shellWord(`${name}=${value}`)}`);
  const load = `${fetch('image.tar.gz')} | docker load`;
  const run = (engine: string, socket: string, ...more: readonly string[]): string =>
    shellCommand(
      `${engine} run --detach --name ${AGENT_NAME} --restart always`,
      '--read-only --cap-drop ALL --security-opt no-new-privileges',
      ...network,
      ...more,
      `--volume ${socket}:${SOCKET} --volume ${VOLUME}:/data`,
      ...environment,
      `--pull never ${shellWord(image)}`,
    );

  return {
    standalone: `${load} &&\n${run('docker', SOCKET)}`,
    // `docker service` has no --security-opt; without capabilities, and without a program that would give any, it adds nothing.
    swarm: `${load} &&\n${shellCommand(
      `docker service create --name ${AGENT_NAME} --mode global --no-resolve-image`,
      '--read-only --cap-drop ALL',
      ...network,
      `--mount type=bind,source=${SOCKET},target=${SOCKET}`,
      `--mount type=volume,source=${VOLUME},target=/data`,
      ...environment,
      shellWord(image),
    )}`,
    // Podman 4 loads no archive that is compressed. Where SELinux rules, a container may not use the engine's socket.
    podman: `systemctl enable --now podman.socket podman-restart.service &&\n${fetch('image.tar.gz')} | gzip -dc | podman load &&\n${run('podman', PODMAN_SOCKET, '--security-opt label=disable')}`,
    compose: `${load} &&\n${COMPOSE} --project-name ${AGENT_NAME} --file - up --detach ${hereDocument(composeFile(variables, image, isLocal))}`,
    // The join token comes by stdin: what is in a command line, every user of the machine can see.
    systemd: `script=$(${fetch('install.sh')}) &&\nsh -c "$script" homeport-install ${hereDocument([
      `HOMEPORT_URL=${url}`,
      `HOMEPORT_PIN=${pin}`,
      ...variables.map(([name, value]) => `${name}=${value}`),
    ])}`,
  };
}

function composeFile(variables: readonly (readonly [name: string, value: string])[], image: string, isLocal: boolean): readonly string[] {
  // JSON is YAML; what Compose would put in for a $ is not wanted.
  const text = (value: string): string => JSON.stringify(value).replaceAll('$', '$$$$');
  return [
    'services:',
    '  agent:',
    `    container_name: ${AGENT_NAME}`,
    `    image: ${text(image)}`,
    '    pull_policy: never',
    '    restart: always',
    '    read_only: true',
    '    cap_drop: [ALL]',
    '    security_opt: ["no-new-privileges:true"]',
    ...(isLocal ? ['    network_mode: host'] : []),
    '    environment:',
    ...variables.map(([name, value]) => `      ${name}: ${text(value)}`),
    '    volumes:',
    `      - ${SOCKET}:${SOCKET}`,
    '      - data:/data',
    'volumes:',
    '  data:',
    `    name: ${VOLUME}`,
  ];
}
