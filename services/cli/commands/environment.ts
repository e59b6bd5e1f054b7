/** `homeport env`: environments from the shell. */
import { Command, type Option } from 'commander';
import { agreed } from '../agreed.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { deployCommand, describeDeployment, platformFlag } from './deploy.ts';
import type { AddressHints, Platform } from './deploy.ts';
import { environmentSetCommand } from './environment-set.ts';
import { durationSeconds, flag, instant, several } from '../flags.ts';
import { isJson, renderList, renderOne, withOutputFlags } from '../output.ts';
import type { OutputFlags } from '../output.ts';
import { programName } from '../program-name.ts';
import { findEnvironment, listEnvironments } from '../rest/environments.ts';
import { LIST, ONE } from '../rest/environment-layout.ts';
import type { Deployment, Environment } from '../rest/environments.ts';
import type { RestClient } from '../rest/rest-client.ts';

type CommonFlags = ConnectionFlags & OutputFlags;

export function environmentCommand(): Command {
  return new Command('env')
    .description('environments: one Docker host or one Swarm each')
    .addCommand(listCommand())
    .addCommand(createCommand())
    .addCommand(showCommand())
    .addCommand(environmentSetCommand())
    .addCommand(deployCommand())
    .addCommand(joinCommand())
    .addCommand(rotateTokenCommand())
    .addCommand(disassociateCommand())
    .addCommand(allowEdgeIdCommand())
    .addCommand(removeCommand());
}

function listCommand(): Command {
  const command = new Command('list')
    .alias('ls')
    .description('list environments')
    .addOption(flag('--search <text>', 'only those whose name has this in it'))
    .addOption(flag('--tag <tag>', 'only those with this tag'))
    .addOption(flag('--status <status>', 'only those that are unassociated, never, up, down or duplicate'))
    .addOption(asOfFlag());
  return withFlags(command).action(async ({ search, tag, status, asOf, ...flags }: CommonFlags & { search?: string; tag?: string; status?: string; asOf?: string }) => {
    const given = { search, tag, status, asOf };
    const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    await withClient(flags, async (client) => print(renderList(await listEnvironments(client, query), LIST, flags)));
  });
}

interface CreateFlags extends CommonFlags {
  readonly address?: string;
  readonly tunnelAddress?: string;
  readonly tag?: readonly string[];
  readonly pollInterval?: number;
  readonly allowLoopback?: true;
  readonly requireIssuedEdgeId?: true;
  readonly platform: Platform;
}

function createCommand(): Command {
  const command = new Command('create')
    .description('create an environment, and print the command that starts its agent')
    .argument('<name>', 'its name')
    .addOption(flag('--address <host:port>', "the address its agent will call; the server's public address otherwise"))
    .addOption(flag('--tunnel-address <host:port>', 'the address of the tunnel port, where it is not the same host'))
    .addOption(flag('--tag <tag>', 'a tag; may be given several times').argParser(several))
    .addOption(flag('--poll-interval <duration>', 'how often its agent polls, such as 30s; as set for all otherwise').argParser(durationSeconds))
    .addOption(flag('--allow-loopback', 'accept an address that only this machine can reach'))
    .addOption(flag('--require-issued-edge-id', 'refuse an agent that brings another Edge ID than the one issued'))
    .addOption(platformFlag());
  return withFlags(command).action(async (name: string, flags: CreateFlags) => {
    const body = {
      name,
      address: flags.address,
      tunnelAddress: flags.tunnelAddress,
      tags: flags.tag,
      pollIntervalSeconds: flags.pollInterval,
      allowLoopback: flags.allowLoopback,
      requireIssuedEdgeId: flags.requireIssuedEdgeId,
    };
    await withClient(flags, async (client) => {
      const created = (await client.call('POST', '/environments', { body })).body as Environment & AddressHints;
      if (isTable(flags)) print(`Created ${created.name} (${created.id}).\n${await describeDeployment(client, created.id, flags.platform, created)}`);
      else print(renderOne(created, ONE, flags));
    });
  });
}

function showCommand(): Command {
  const command = new Command('show').alias('inspect').description('show an environment').argument('<env>', 'its name or id').addOption(asOfFlag());
  return withFlags(command).action(async (nameOrId: string, { asOf, ...flags }: CommonFlags & { asOf?: string }) => {
    await withClient(flags, async (client) => {
      const environment = await findEnvironment(client, nameOrId, asOf);
      print(renderOne(environment, ONE, flags));
      if (isTable(flags) && environment.approximate?.includes('heartbeat.lastPolledAt') === true) {
        process.stderr.write(`${programName()}: the last poll is the last that a summary tells of, and may be older than it was: polls of then are kept no longer\n`);
      }
    });
  });
}

/** Of what shows environments. */
function asOfFlag(): Option {
  return flag('--as-of <instant>', 'as they were at this instant, such as 2026-01-31T12:00:00Z').argParser(instant);
}

function joinCommand(): Command {
  const command = new Command('join').description('print how its agent joins: Edge ID and join token').argument('<env>', 'its name or id');
  return withFlags(command).action(async (nameOrId: string, flags: CommonFlags) => {
    await withClient(flags, async (client) => {
      const { id } = await findEnvironment(client, nameOrId);
      const deployment = (await client.call('GET', `/environments/${id}/deployment`)).body as Deployment;
      print(joiningAs(flags, client, deployment));
    });
  });
}

function rotateTokenCommand(): Command {
  const command = new Command('rotate-token')
    .description('make every join token so far useless, and print the new one: agents are refused until they have it')
    .argument('<env>', 'its name or id')
    .addOption(flag('-y, --yes', 'do not ask'));
  return withFlags(command).action(async (nameOrId: string, flags: CommonFlags & { yes?: true }) => {
    await withClient(flags, async (client) => {
      const { id, name } = await findEnvironment(client, nameOrId);
      await agreed(flags, `Refuse the agents of ${name} until they have the new join token?`);
      const deployment = (await client.call('POST', `/environments/${id}/rotate-token`)).body as Deployment;
      print(joiningAs(flags, client, deployment));
      // For people alone: what reads the rest is a program.
      if (isTable(flags)) print(`\nAn agent in a container or under systemd is replaced by what \`${programName()} env deploy ${name}\` prints;\nbefore it, remove the container (docker rm --force homeport-agent).\n`);
    });
  });
}

function disassociateCommand(): Command {
  const command = new Command('disassociate')
    .description('part an environment from its agent, whose Edge ID is barred: another may join then')
    .argument('<env>', 'its name or id')
    .addOption(flag('-y, --yes', 'do not ask'));
  return withFlags(command).action(async (nameOrId: string, flags: CommonFlags & { yes?: true }) => {
    await withClient(flags, async (client) => {
      const { id, name } = await findEnvironment(client, nameOrId);
      await agreed(flags, `Part ${name} from its agent?`);
      print(renderOne((await client.call('POST', `/environments/${id}/disassociate`)).body as Environment, ONE, flags));
    });
  });
}

function allowEdgeIdCommand(): Command {
  const command = new Command('allow-edge-id')
    .description('let an Edge ID associate again that was barred by disassociating it')
    .argument('<env>', 'its name or id')
    .argument('<edge-id>', 'the Edge ID');
  return withConnectionFlags(command).action(async (nameOrId: string, edgeId: string, flags: ConnectionFlags) => {
    await withClient(flags, async (client) => {
      const { id } = await findEnvironment(client, nameOrId);
      await client.call('DELETE', `/environments/${id}/barred-edge-ids/${encodeURIComponent(edgeId)}`);
      print(`${edgeId}\n`);
    });
  });
}

function removeCommand(): Command {
  const command = new Command('remove')
    .alias('rm')
    .description('remove an environment, for ever: its agent is refused from then on')
    .argument('<env...>', 'names or ids')
    .addOption(flag('-y, --yes', 'do not ask'));
  return withFlags(command).action(async (names: readonly string[], flags: CommonFlags & { yes?: true }) => {
    await withClient(flags, async (client) => {
      for (const nameOrId of names) {
        const environment = await findEnvironment(client, nameOrId);
        await agreed(flags, `Remove ${environment.name} for ever?`);
        await client.call('DELETE', `/environments/${environment.id}`);
        print(`${environment.id}\n`);
      }
    });
  });
}

function joiningAs(flags: OutputFlags, client: RestClient, deployment: Deployment): string {
  return isJson(flags) ? `${JSON.stringify(deployment, undefined, 2)}\n` : joining(client, deployment);
}

/** The line that starts the agent. A self-signed server is as safe, but its agent has to be told. */
function joining(client: RestClient, { edgeId, joinToken }: Deployment): string {
  const insecure = client.transport.trust.kind === 'system' ? '' : '  EDGE_INSECURE_POLL=1 \\\n';
  return `Start its agent where the Docker engine runs:\n\n  EDGE_ID=${edgeId} \\\n  EDGE_KEY=${joinToken} \\\n${insecure}  ${programName()} agent\n`;
}

function isTable(flags: OutputFlags): boolean {
  return flags.quiet !== true && !isJson(flags) && flags.output !== 'name';
}

function withFlags(command: Command): Command {
  return withConnectionFlags(withOutputFlags(command));
}

function print(text: string): void {
  process.stdout.write(text);
}
