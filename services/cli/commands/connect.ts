/** `homeport connect`: a local Docker endpoint for one environment. */
import { Command } from 'commander';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { createDockerForwarder } from '../connect/docker-forwarder.ts';
import { listenOnLoopback, listenOnSocket, parseListenAddress } from '../connect/local-endpoint.ts';
import type { LocalEndpoint } from '../connect/local-endpoint.ts';
import { runCommand } from '../connect/run-command.ts';
import { sayWhyItTakesLong, whyNoTunnel } from '../connect/waiting-notes.ts';
import type { TunnelState } from '../connect/waiting-notes.ts';
import { flag } from '../flags.ts';
import { CliError } from '../cli-error.ts';
import { findEnvironment } from '../rest/environments.ts';
import type { Environment } from '../rest/environments.ts';
import { API_PREFIX } from '../rest/rest-client.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { programName } from '../program-name.ts';
import { interruption } from '../stop-signals.ts';

interface Flags extends ConnectionFlags {
  readonly node?: string;
  readonly listen?: string;
}

/** How long the first connection may take; the server answers earlier where it knows better. */
const WAIT_SECONDS = 30;

export function connectCommand(): Command {
  const command = new Command('connect')
    .description('a local Docker endpoint for an environment; with a command, runs it against that endpoint')
    .argument('<env>', 'the environment, by name or id')
    .argument('[command...]', 'after --: the command to run, such as docker ps')
    .addOption(flag('--node <node>', 'the Swarm node whose engine is meant'))
    .addOption(flag('--listen <address>', 'a loopback address such as 127.0.0.1:2375, instead of a Unix socket: every user of this machine can use it'))
    .addHelpText('after', '\nExamples:\n  homeport connect factory -- docker ps');
  return withConnectionFlags(command).action(connect);
}

async function connect(nameOrId: string, command: readonly string[], flags: Flags): Promise<void> {
  const listenAddress = flags.listen === undefined ? undefined : parseListenAddress(flags.listen);
  await withClient(flags, async (client) => {
    const environment = await findEnvironment(client, nameOrId);
    // Whoever waits is told now that the agent is away, not by a first command that hangs.
    await openTunnel(client, environment, flags.node);
    const { server, close } = createDockerForwarder(client.transport, {
      pathPrefix: `${API_PREFIX}/environments/${environment.id}/docker`,
      host: client.transport.url.host,
      authorization: client.authorization,
      node: flags.node,
    });
    const endpoint = listenAddress === undefined ? await listenOnSocket(server) : await listenOnLoopback(server, listenAddress);
    try {
      if (command.length > 0) process.exitCode = await runCommand(command, endpoint.dockerHost);
      else await serveUntilInterrupted(endpoint);
    } finally {
      await close();
      endpoint.remove();
    }
  });
}

/** Opens it, or says why not: first while it waits, then as the error. */
async function openTunnel(client: RestClient, { id, name }: Environment, node: string | undefined): Promise<void> {
  const waited = new AbortController();
  const say = (note: string): void => void process.stderr.write(`homeport: still waiting: ${note}\n`);
  const saying = sayWhyItTakesLong({ client, environmentId: id, query: { node }, say, signal: waited.signal });
  const answer = await client.call('POST', `/environments/${id}/connection`, { query: { waitSeconds: WAIT_SECONDS, node } }).finally(() => waited.abort());
  await saying;
  const tunnel = answer.body as TunnelState;
  if (tunnel.state === 'open') return;
  const now = (await client.call('GET', `/environments/${id}`)).body as Environment;
  if (now.heartbeat.state === 'up') throw new CliError('tunnel-timeout', `${whyNoTunnel(now, tunnel)}; its log says more`);
  throw new CliError('agent-not-polling', `${whyNoTunnel(now, tunnel)}: start it (${programName()} env deploy ${name} shows how), or look at its log`);
}

async function serveUntilInterrupted({ dockerHost }: LocalEndpoint): Promise<void> {
  const { happened, release } = interruption();
  process.stdout.write(`export DOCKER_HOST=${dockerHost}\n`);
  if (process.stdout.isTTY) process.stderr.write('Serving until interrupted (Ctrl-C).\n');
  await happened;
  release();
}
