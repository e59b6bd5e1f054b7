/** The contexts that the Docker CLI keeps, by the Docker CLI itself: how it keeps them is its own business. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CliError } from '../cli-error.ts';

export interface DockerCli {
  /** Where that context leads (`unix://…`); undefined where there is none. */
  hostOf(context: string): Promise<string | undefined>;
  /** Makes it, or changes it where there is one. */
  keep(context: string, options: { readonly host: string; readonly description: string }): Promise<void>;
  remove(context: string): Promise<void>;
}

/** All throw CliError `docker-not-found` and `docker-failed`. */
export function createDockerCli(): DockerCli {
  async function inspect(context: string): Promise<string | undefined> {
    const { code, stdout } = await docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}', context);
    return code === 0 ? stdout.trim() : undefined;
  }
  return {
    hostOf: inspect,
    async keep(context, { host, description }) {
      const verb = (await inspect(context)) === undefined ? 'create' : 'update';
      succeeded(await docker('context', verb, '--description', description, '--docker', `host=${host}`, context));
    },
    async remove(context) {
      // Also where it is the one in use.
      succeeded(await docker('context', 'rm', '--force', context));
    },
  };
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function docker(...args: readonly string[]): Promise<Ran> {
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new CliError('docker-not-found', 'docker, whose context it is to be, is not a command on this machine: install the Docker CLI', { cause: error }));
    });
    child.once('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

function succeeded({ code, stderr }: Ran): void {
  if (code !== 0) throw new CliError('docker-failed', `docker refused: ${stderr.trim() || `it ended with ${String(code)}`}`);
}
