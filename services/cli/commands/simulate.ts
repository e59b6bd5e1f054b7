/** `homeport simulate`: a fleet of agents for load tests, with its figures. */
import { Command, InvalidArgumentError } from 'commander';
import type { FleetTrust } from '../../../agent/fleet/fleet.ts';
import { isLoopbackHost, parseHostPort } from '../../../proto/host-port.ts';
import { apiAddress, parseJoinToken, type JoinToken } from '../../../proto/join-token.ts';
import { CliError, misuse } from '../cli-error.ts';
import { openClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { durationSeconds, flag, positiveInteger, several } from '../flags.ts';
import { programName } from '../program-name.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { createFleetEnvironments, FLEET_TAG, removeFleetEnvironments, takeFleetEnvironments } from '../simulation/fleet-environments.ts';
import type { FleetEnvironment, Progress } from '../simulation/fleet-environments.ts';
import { reportFigures } from '../simulation/report-figures.ts';
import { interruption } from '../stop-signals.ts';

interface Flags extends ConnectionFlags {
  readonly agents: number;
  readonly pollInterval?: number;
  readonly duration?: number;
  readonly join?: number;
  readonly report?: number;
  readonly address?: string;
  readonly prefix: string;
  readonly tag?: readonly string[];
  readonly existing?: string;
  readonly keep?: true;
  readonly snapshots: number;
  readonly yes?: true;
  readonly json?: true;
}

/** The pace at which the control plane has its agents come back. */
const JOINS_PER_SECOND = 200;
const REPORT_SECONDS = 10;

export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('run a fleet of simulated agents against a server of yours, for load tests')
    .addOption(flag('--agents <n>', 'how many, an environment each').argParser(positiveInteger).default(100))
    .addOption(flag('--poll-interval <duration>', 'how often each polls, such as 5s; as set for all otherwise').argParser(durationSeconds))
    .addOption(flag('--duration <duration>', 'how long, such as 2m; until interrupted otherwise').argParser(durationSeconds))
    .addOption(flag('--join <duration>', `the time over which they join; ${String(JOINS_PER_SECOND)} a second otherwise`).argParser(durationSeconds))
    .addOption(flag('--report <duration>', `how often the figures are printed; every ${String(REPORT_SECONDS)}s otherwise`).argParser(durationSeconds))
    .addOption(flag('--address <host:port>', "the address the agents call; the server's own otherwise"))
    .addOption(flag('--prefix <text>', 'what the names of their environments begin with').default('simulated'))
    .addOption(flag('--tag <tag>', `a tag for their environments, beside ${FLEET_TAG}; may be given several times`).argParser(several))
    .addOption(flag('--existing <tag>', 'make no environments, and take those with this tag, which no agent polls for'))
    .addOption(flag('--keep', 'leave the environments there at the end'))
    .addOption(flag('--snapshots <percent>', 'how many of them bring the snapshots they are asked for').argParser(percent).default(100))
    .addOption(flag('-y, --yes', 'this server is meant: needed where it is not on this machine'))
    .addOption(flag('--json', 'print the figures as JSON, an object a line'));
  return withConnectionFlags(command).action((flags: Flags, self: Command) => simulate(flags, self.getOptionValueSource('url') === 'cli'));
}

async function simulate(flags: Flags, isUrlGiven: boolean): Promise<void> {
  if (flags.existing !== undefined && (flags.pollInterval !== undefined || flags.address !== undefined || flags.tag !== undefined)) {
    throw misuse('--existing takes environments as they are: leave --poll-interval, --address and --tag out');
  }
  const client = openClient(flags);
  const { signal, release } = interruption();
  const environments: FleetEnvironment[] = [];
  const isOurs = flags.existing === undefined;
  try {
    checkTarget(client.transport.url.hostname, flags, isUrlGiven);
    if (flags.address !== undefined) checkTarget(hostOf(flags.address), flags, isUrlGiven);
    await gather(client, flags, environments, signal);
    if (!signal.aborted) await runFleet(client, flags, environments, isUrlGiven, signal);
  } finally {
    release();
    if (isOurs && environments.length > 0) await leave(client, flags, environments).finally(() => client.close());
    else client.close();
  }
}

/** A load test is for a server of one's own. @param host an IPv6 one with or without brackets */
function checkTarget(host: string, { yes }: Flags, isUrlGiven: boolean): void {
  if (isLoopbackHost(host.replace(/^\[|\]$/g, '')) || (isUrlGiven && yes === true)) return;
  throw misuse(`${host} is not this machine: where its owner agrees to a load test, name it with --url and pass --yes`);
}

async function gather(client: RestClient, flags: Flags, environments: FleetEnvironment[], signal: AbortSignal): Promise<void> {
  const { agents: count, existing: tag, prefix, pollInterval: pollIntervalSeconds, tag: tags = [] } = flags;
  if (tag !== undefined) {
    environments.push(...(await takeFleetEnvironments(client, { count, tag, progress: said('environments taken'), signal })));
    return;
  }
  const address = flags.address ?? addressOf(client.transport.url);
  await createFleetEnvironments(client, { count, prefix, address, pollIntervalSeconds, tags, made: environments, progress: said('environments made'), signal }).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.code !== 'name-taken') throw error;
    throw new CliError(error.code, `${error.message}: where an earlier run left it, pass --existing ${FLEET_TAG} to take it, or another --prefix`);
  });
}

async function runFleet(client: RestClient, flags: Flags, environments: readonly FleetEnvironment[], isUrlGiven: boolean, signal: AbortSignal): Promise<void> {
  for (const host of new Set(environments.flatMap(({ joinToken }) => hostsOf(parseJoinToken(joinToken))))) checkTarget(host, flags, isUrlGiven);
  // Only now: whoever runs another command does not wait for it to load.
  const { startFleet } = await import('../../../agent/fleet/fleet.ts');
  const bringing = Math.round((flags.snapshots / 100) * environments.length);
  const agents = environments.map(({ name, edgeId, joinToken }, index) => ({ name, edgeId, joinToken, bringsSnapshots: index < bringing }));
  const fleet = await startFleet({ agents, trust: trustOf(client), joinMs: flags.join === undefined ? (agents.length / JOINS_PER_SECOND) * 1000 : flags.join * 1000 });
  try {
    const printed = reportFigures(fleet, { everySeconds: flags.report ?? REPORT_SECONDS, durationSeconds: flags.duration, isJson: flags.json === true, signal });
    await Promise.race([printed, fleet.broken]);
  } finally {
    await fleet.stop();
  }
}

/** Removes what was made, or says what is left and how to remove it. */
async function leave(client: RestClient, flags: Flags, environments: FleetEnvironment[]): Promise<void> {
  const { signal, release } = interruption();
  try {
    if (flags.keep !== true) await removeFleetEnvironments(client, { left: environments, progress: said('environments removed'), signal });
  } finally {
    release();
    if (environments.length > 0) {
      process.stderr.write(`homeport: ${String(environments.length)} environments are left, tagged ${FLEET_TAG}; ${programName()} env list --tag ${FLEET_TAG} -q | xargs -n 100 ${programName()} env remove --yes   removes them\n`);
    }
  }
}

/** Where the server proves itself by more than authorities, agents have it prove that it is the installation of their tokens. */
function trustOf({ transport: { trust } }: RestClient): FleetTrust {
  switch (trust.kind) {
    case 'system':
      return { kind: 'authorities', caPem: undefined };
    case 'authority':
      return { kind: 'authorities', caPem: trust.pem };
    case 'key':
    case 'anything':
      return { kind: 'binding' };
  }
}

/** Says on stderr, once for each tenth, how far it is. */
function said(what: string): Progress {
  let tenths = 0;
  return (done, of) => {
    const now = Math.floor((done * 10) / of);
    if (now === tenths) return;
    tenths = now;
    process.stderr.write(`homeport: ${String(done)} of ${String(of)} ${what}\n`);
  };
}

function addressOf({ hostname, port }: URL): string {
  return `${hostname}:${port === '' ? '443' : port}`;
}

/** Where an agent of this token calls, for its polls and for its tunnel. */
function hostsOf(token: JoinToken): readonly string[] {
  return [apiAddress(token).host, parseHostPort(token.tunnelAddress)?.host ?? token.tunnelAddress];
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

function percent(value: string): number {
  const number = Number(value);
  if (!/^\d{1,3}$/.test(value) || number > 100) throw new InvalidArgumentError('Give a whole number from 0 to 100.');
  return number;
}
