/** `homeport context`: Docker contexts of environments, so that the Docker CLI reaches them by name, whatever runs it. */
import { Command } from 'commander';
import { CliError, misuse } from '../cli-error.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { saySoWhenServing, startBackgroundEndpoint, whenReplaced } from '../connect/background-endpoint.ts';
import { isContextName, isServed, openContextStore } from '../connect/context-store.ts';
import type { DockerContext } from '../connect/context-store.ts';
import { createDockerCli } from '../connect/docker-cli.ts';
import { createDockerForwarder } from '../connect/docker-forwarder.ts';
import { listenOnSocketAt } from '../connect/local-endpoint.ts';
import { flag } from '../flags.ts';
import { renderList, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import { programName } from '../program-name.ts';
import { findEnvironment } from '../rest/environments.ts';
import { API_PREFIX } from '../rest/rest-client.ts';
import { interruption } from '../stop-signals.ts';

interface AddFlags extends ConnectionFlags {
  readonly name?: string;
  readonly node?: string;
}

type Listed = DockerContext & { readonly serving: boolean };

const LAYOUT: Layout<Listed> = {
  columns: [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'ENVIRONMENT', of: ({ environment }) => environment },
    { title: 'ID', of: ({ environmentId }) => environmentId, isWide: true },
    { title: 'NODE', of: ({ node }) => node },
    { title: 'SERVER', of: ({ url }) => url },
    { title: 'SERVING', of: ({ serving }) => (serving ? 'yes' : 'no') },
  ],
  name: ({ name }) => name,
  id: ({ name }) => name,
};

export function contextCommand(): Command {
  return new Command('context')
    .description('Docker contexts of environments')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(startCommand())
    .addCommand(serveCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  const command = new Command('add')
    .description('make a Docker context of an environment, and serve it in the background')
    .argument('<env>', 'the environment, by name or id')
    .addOption(flag('--name <name>', 'the name of the context; that of the environment otherwise').env('HOMEPORT_CONTEXT_NAME'))
    .addOption(flag('--node <node>', 'the Swarm node whose engine is meant'))
    .addHelpText('after', '\nExamples:\n  homeport context add factory\n  docker --context factory ps\n  docker context use factory');
  return withConnectionFlags(command).action(add);
}

async function add(nameOrId: string, flags: AddFlags): Promise<void> {
  const store = openContextStore(process.env);
  const docker = createDockerCli();
  const context = await withClient(flags, async (client): Promise<DockerContext> => {
    const environment = await findEnvironment(client, nameOrId);
    const name = flags.name ?? contextNameOf(environment.name, environment.id);
    if (!isContextName(name)) throw misuse(`${name} is no name for a context: give letters, digits, _ . + or -, and not default`);
    return { name, url: client.transport.url.origin, environmentId: environment.id, environment: environment.name, node: flags.node ?? null };
  });
  const { name } = context;
  const host = `unix://${store.socketOf(name)}`;
  const existing = await docker.hostOf(name);
  if (existing !== undefined && existing !== host) {
    throw new CliError('context-taken', `there is a Docker context ${name} that leads to ${existing}: give another by --name, or remove it`);
  }
  const isNew = store.find(name) === undefined;
  try {
    store.save(context);
    await startBackgroundEndpoint(name, { logFile: store.logOf(name), flags });
    await docker.keep(name, { host, description: `Homeport environment ${context.environment} at ${context.url}` });
  } catch (error) {
    if (isNew) store.remove(name);
    throw error;
  }
  process.stdout.write(`${name}\n`);
  process.stderr.write(`It is served until ${programName()} context remove ${name}, or until this machine stops: then ${programName()} context start. Try docker --context ${name} ps.\n`);
}

function listCommand(): Command {
  const command = new Command('list').alias('ls').description('the contexts made here, and whether they are served');
  return withOutputFlags(command).action(async (flags: OutputFlags) => {
    const store = openContextStore(process.env);
    const listed = await Promise.all(store.list().map(async (context): Promise<Listed> => ({ ...context, serving: await isServed(store.socketOf(context.name)) })));
    process.stdout.write(renderList(listed, LAYOUT, flags));
  });
}

function startCommand(): Command {
  const command = new Command('start').description('serve contexts again that are not served, such as after a restart; all of them by default').argument('[name...]', 'their names');
  return withConnectionFlags(command).action(async (names: readonly string[], flags: ConnectionFlags) => {
    const store = openContextStore(process.env);
    for (const { name } of names.length === 0 ? store.list() : names.map(known)) {
      if (await isServed(store.socketOf(name))) continue;
      await startBackgroundEndpoint(name, { logFile: store.logOf(name), flags });
      process.stdout.write(`${name}\n`);
    }
  });
}

function serveCommand(): Command {
  const command = new Command('serve').description('serve one in the foreground, such as under a service manager, until interrupted or removed').argument('<name>', 'its name');
  return withConnectionFlags(command).action(serve);
}

async function serve(name: string, flags: ConnectionFlags): Promise<void> {
  const { url, environmentId, node } = known(name);
  const socket = openContextStore(process.env).socketOf(name);
  await withClient({ ...flags, url }, async ({ transport, authorization }) => {
    const { server, close } = createDockerForwarder(transport, {
      pathPrefix: `${API_PREFIX}/environments/${environmentId}/docker`,
      host: transport.url.host,
      authorization,
      node: node ?? undefined,
    });
    const { remove } = await listenOnSocketAt(server, socket);
    const replaced = whenReplaced(socket);
    const { signal, release } = interruption();
    try {
      saySoWhenServing();
      await aborted(AbortSignal.any([signal, replaced.signal]));
    } finally {
      release();
      replaced.stop();
      await close();
      // What stands there now may be another's.
      if (!replaced.signal.aborted) remove();
    }
  });
}

function removeCommand(): Command {
  return new Command('remove')
    .alias('rm')
    .description('remove contexts and end what serves them')
    .argument('<name...>', 'their names')
    .action(async (names: readonly string[]) => {
      const store = openContextStore(process.env);
      const docker = createDockerCli();
      for (const { name } of names.map(known)) {
        // Docker's may be gone already, or lead elsewhere by now.
        if ((await docker.hostOf(name)) === `unix://${store.socketOf(name)}`) await docker.remove(name);
        store.remove(name);
        process.stdout.write(`${name}\n`);
      }
    });
}

function known(name: string): DockerContext {
  const context = openContextStore(process.env).find(name);
  if (context === undefined) throw new CliError('context-not-found', `no context ${name} was made here: ${programName()} context list shows them`);
  return context;
}

/** Names of environments have more characters than those of contexts. */
function contextNameOf(name: string, id: string): string {
  const fitting = name.replace(/[^a-zA-Z0-9_.+-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, '');
  return isContextName(fitting) ? fitting : id;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
