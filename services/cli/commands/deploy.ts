/** `homeport env deploy`: the command that fetches and starts an environment's agent. */
import { Command } from 'commander';
import type { Option } from 'commander';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { flag } from '../flags.ts';
import { isJson, withOutputFlags } from '../output.ts';
import type { OutputFlags } from '../output.ts';
import { findEnvironment } from '../rest/environments.ts';
import type { RestClient } from '../rest/rest-client.ts';

const PLATFORMS = ['standalone', 'swarm', 'podman', 'compose', 'systemd'] as const;
export type Platform = (typeof PLATFORMS)[number];

interface DeploymentWithCommands {
  readonly commands: Readonly<Record<Platform, string>>;
}

/** What may keep agents from the address that was given. */
export interface AddressHints {
  readonly addressHints?: readonly { readonly code: string; readonly detail: string }[];
}

/** `--platform`. */
export function platformFlag(): Option {
  return flag('--platform <platform>', `how the agent is to run: ${PLATFORMS.join(', ')}`).choices(PLATFORMS).default('standalone');
}

export function deployCommand(): Command {
  const command = new Command('deploy')
    .description('print the command that fetches the agent from the control plane and starts it; it holds the join token')
    .argument('<env>', 'its name or id')
    .addOption(platformFlag())
    .addHelpText('after', '\nExamples:\n  homeport env deploy factory\n  homeport env deploy factory --platform systemd | ssh root@factory sh');
  return withConnectionFlags(withOutputFlags(command)).action(async (nameOrId: string, flags: ConnectionFlags & OutputFlags & { readonly platform: Platform }) => {
    await withClient(flags, async (client) => {
      const { id } = await findEnvironment(client, nameOrId);
      const deployment = await fetchDeployment(client, id);
      process.stdout.write(isJson(flags) ? `${JSON.stringify(deployment, undefined, 2)}\n` : `${deployment.commands[flags.platform]}\n`);
    });
  });
}

/** What is printed after an environment was created: what to know of its address, and what to paste where. */
export async function describeDeployment(client: RestClient, environmentId: string, platform: Platform, { addressHints = [] }: AddressHints): Promise<string> {
  const { commands } = await fetchDeployment(client, environmentId);
  const notes = addressHints.map(({ detail }) => `${detail}\n`).join('');
  const others = PLATFORMS.filter((other) => other !== platform).join(', ');
  return `${notes}\nPaste this where the agent is to run, as root (homeport env deploy prints it again, and for ${others}):\n\n${commands[platform]}\n`;
}

async function fetchDeployment(client: RestClient, environmentId: string): Promise<DeploymentWithCommands> {
  return (await client.call('GET', `/environments/${environmentId}/deployment`)).body as DeploymentWithCommands;
}
