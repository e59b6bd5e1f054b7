/** Runs a command against the local Docker endpoint, as if it ran in our place. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'] as const;

/** What would lead the Docker CLI elsewhere than DOCKER_HOST. */
const OTHER_ENDPOINTS = ['DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'];

/**
 * Resolves with the command's exit code: its own, 128 + n where signal n ended it, 127 where there is no such command, 126
 * where it can't be run. Terminal, signals and the three standard streams are the command's.
 */
export function runCommand(command: readonly string[], dockerHost: string): Promise<number> {
  const [file = '', ...args] = command;
  const inherited = Object.entries(process.env).filter(([name]) => !OTHER_ENDPOINTS.includes(name));
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends these to both processes by itself.
    const isFromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGWINCH');
    if (!isFromTerminal) child.kill(signal);
  };
  // Before there is a command: a signal that came in between would end us and leave it behind.
  for (const signal of FORWARDED) process.on(signal, forward);
  const child = spawn(file, args, { stdio: 'inherit', env: { ...Object.fromEntries(inherited), DOCKER_HOST: dockerHost } });
  return new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      process.stderr.write(`homeport: ${file} ${isMissing ? 'is not a command on this machine: install it, or give its path' : `can't be run (${error.code ?? error.message})`}\n`);
      resolve(isMissing ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  }).finally(() => {
    for (const signal of FORWARDED) process.off(signal, forward);
  });
}
