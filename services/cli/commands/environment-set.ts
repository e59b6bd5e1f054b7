/** `homeport env set`: changes an environment. */
import { Command } from 'commander';
import { misuse } from '../cli-error.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { durationSeconds, flag, several } from '../flags.ts';
import { renderOne, withOutputFlags } from '../output.ts';
import type { OutputFlags } from '../output.ts';
import { ONE } from '../rest/environment-layout.ts';
import { findEnvironment } from '../rest/environments.ts';
import type { Environment } from '../rest/environments.ts';

interface SetFlags extends ConnectionFlags, OutputFlags {
  readonly name?: string;
  readonly address?: string;
  readonly tunnelAddress?: string;
  readonly tag?: readonly string[];
  readonly pollInterval?: number | 'default';
  readonly allowLoopback?: true;
}

/** Creates the command. */
export function environmentSetCommand(): Command {
  // Variables of their own: those that `serve` and `env create` read must not change what is there.
  const command = new Command('set')
    .description('change an environment; a new address reaches its agents, which move once they can')
    .argument('<env>', 'its name or id')
    .addOption(flag('--name <name>', 'another name').env('HOMEPORT_NEW_NAME'))
    .addOption(flag('--address <host:port>', 'the address its agents call from now on').env('HOMEPORT_NEW_ADDRESS'))
    .addOption(flag('--tunnel-address <host:port>', 'the address of the tunnel port, where it is not the same host').env('HOMEPORT_NEW_TUNNEL_ADDRESS'))
    .addOption(flag('--tag <tag>', "a tag, in the place of all it had; may be given several times, and '' leaves none").env('HOMEPORT_NEW_TAG').argParser(several))
    .addOption(flag('--poll-interval <duration>', "how often its agents poll, such as 30s; 'default' is as set for all").env('HOMEPORT_NEW_POLL_INTERVAL').argParser(durationOrDefault))
    .addOption(flag('--allow-loopback', 'accept an address that only this machine can reach'))
    .addHelpText('after', '\nExamples:\n  homeport env set factory --name mill --tag eu --tag hall-2\n  homeport env set factory --poll-interval default');
  return withConnectionFlags(withOutputFlags(command)).action(async (nameOrId: string, flags: SetFlags) => {
    const { name, address, tunnelAddress, tag: tags, pollInterval, allowLoopback } = flags;
    const pollIntervalSeconds = pollInterval === 'default' ? null : pollInterval;
    if ([name, address, tunnelAddress, tags, pollInterval].every((one) => one === undefined)) throw misuse('there is nothing to set: give --name, --address, --tunnel-address, --tag or --poll-interval');
    await withClient(flags, async (client) => {
      const { id } = await findEnvironment(client, nameOrId);
      const { body } = await client.call('PATCH', `/environments/${id}`, { body: { name, address, tunnelAddress, tags, pollIntervalSeconds, allowLoopback } });
      process.stdout.write(renderOne(body as Environment, ONE, flags));
    });
  });
}

function durationOrDefault(value: string): number | 'default' {
  return value === 'default' ? value : durationSeconds(value);
}
