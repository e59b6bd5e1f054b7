/** The agent's flags and variables, for every command that takes them. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { AGENT_DEFAULTS, LOG_LEVELS } from './options.ts';
import type { GivenOptions } from './options.ts';

/** Adds them. */
export function withAgentFlags(command: Command): Command {
  const variable = (flags: string, name: string, description: string): Option => new Option(flags, description).env(name);
  return command
    .addOption(variable('--edge-id <uuid>', 'EDGE_ID', 'the Edge ID that the environment shows'))
    .addOption(variable('--edge-key <token>', 'EDGE_KEY', 'the join token that the environment shows; other users of this machine can see a flag, so prefer the variable or the file'))
    .addOption(variable('--edge-key-file <file>', 'EDGE_KEY_FILE', 'a file that holds the join token'))
    .addOption(
      variable('--edge-insecure-poll [0|1]', 'EDGE_INSECURE_POLL', "trust the control plane's certificate by the join token's fingerprint, not by authorities").preset('1'),
    )
    .addOption(variable('--edge-ca-file <file>', 'EDGE_CA_FILE', "certificates to trust instead of the system's, PEM"))
    .addOption(variable('--edge-inactivity-timeout <duration>', 'EDGE_INACTIVITY_TIMEOUT', "close an unused tunnel after so long, such as 5m (the server's setting)"))
    .addOption(variable('--docker-host <url>', 'DOCKER_HOST', `the engine's Unix socket (${AGENT_DEFAULTS.dockerHost})`))
    .addOption(variable('--data-path <folder>', 'DATA_PATH', `where the agent keeps which addresses and tunnel fingerprints it was told (${AGENT_DEFAULTS.dataPath})`))
    .addOption(variable('--https-proxy <url>', 'HTTPS_PROXY', 'call the control plane through this proxy, such as http://proxy.example:3128'))
    .addOption(variable('--no-proxy <hosts>', 'NO_PROXY', 'addresses to call without the proxy, separated by commas'))
    .addOption(variable('--log-level <level>', 'LOG_LEVEL', `${LOG_LEVELS.join(', ')} (${AGENT_DEFAULTS.logLevel})`));
}

/** As commander gives them; a flag that begins with `no-` is filed under what it denies, as true where it is not given. */
export type FlagValues = Readonly<Partial<Record<Exclude<keyof GivenOptions, 'noProxy'>, string>>> & { readonly proxy: string | boolean };

/** Flags win over variables; an empty one counts as not given; a proxy's variables are also known in lower case. */
export function givenFrom({ proxy, ...flags }: FlagValues, env: NodeJS.ProcessEnv): GivenOptions {
  const given: GivenOptions = {
    ...flags,
    httpsProxy: flags.httpsProxy ?? env.https_proxy,
    noProxy: typeof proxy === 'string' ? proxy : env.no_proxy,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}
