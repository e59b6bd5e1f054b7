/** How flags are declared: each with its environment variable, each secret with a twin that reads it from a file. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { CliError, misuse } from './cli-error.ts';

const FALSE = new Set(['', '0', 'false', 'no', 'off']);
const TRUE = new Set(['1', 'true', 'yes', 'on']);

/** A flag such as `--https-port <port>`, also set by HOMEPORT_HTTPS_PORT. A flag given on the command line wins. */
export function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(variableOf(option));
}

/** The twin of a secret's flag: `secretFileFlag('api-key', …)` is `--api-key-file`, also set by HOMEPORT_API_KEY_FILE. */
export function secretFileFlag(secret: string, description: string): Option {
  return flag(`--${secret}-file <file>`, description);
}

/** Reads a secret's file, without the line end at its end. Throws {@link CliError} where it can't be read. */
export function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new CliError('secret-file-unreadable', `${file} can't be read (${errorCodeOf(error)}): name a file that holds the secret alone`);
  }
}

/** Collects a flag that may be given several times; its variable holds them separated by commas. */
export function several(value: string, previous: readonly string[] | undefined): readonly string[] {
  const values = value.split(',').map((item) => item.trim());
  return [...(previous ?? []), ...values.filter((item) => item !== '')];
}

/** Parses a TCP port; 0 lets the system choose. */
export function portNumber(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('Give a port from 0 to 65535.');
  return port;
}

/** Parses a whole number of at least 1. */
export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return number;
}

/** Parses an instant, such as 2026-01-31T12:00:00Z, into RFC 3339 with milliseconds. */
export function instant(value: string): string {
  const milliseconds = Date.parse(value);
  if (!/^\d{4}-\d\d-\d\d/.test(value) || Number.isNaN(milliseconds)) throw new InvalidArgumentError('Give an instant such as 2026-01-31T12:00:00Z.');
  return new Date(milliseconds).toISOString();
}

/** Parses a duration of whole seconds, at least one, such as 30s, 5m, 1h or 30d, into seconds. */
export function durationSeconds(value: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(value);
  const factor = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? ''] ?? NaN;
  const seconds = Number(match?.[1]) * factor;
  if (!Number.isSafeInteger(seconds) || seconds < 1) throw new InvalidArgumentError('Give a duration of whole seconds, such as 30s, 5m, 1h or 30d.');
  return seconds;
}

/** Parses a duration, such as 0s, 500ms, 30s, 5m or 1h, into milliseconds. */
export function durationMs(value: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(value);
  const milliseconds = Number(match?.[1]) * ({ ms: 1, s: 1000, m: 60_000, h: 3600_000 }[match?.[2] ?? ''] ?? NaN);
  if (!(milliseconds <= 3600_000)) throw new InvalidArgumentError('Give a duration of at most an hour, such as 500ms, 30s or 5m.');
  return milliseconds;
}

/**
 * Makes the environment mean what people mean by it: an empty variable is an unset one, and 0 or false turns a switch off
 * (for commander any value, also an empty one, turns it on). Throws {@link CliError} for a switch that is neither.
 */
export function tidyEnvironment(program: Command, env: NodeJS.ProcessEnv): void {
  for (const { envVar, required, optional } of program.commands.flatMap(allOptions)) {
    const value = envVar === undefined ? undefined : env[envVar];
    if (envVar === undefined || value === undefined) continue;
    const isSwitch = !required && !optional;
    const isUnset = isSwitch ? FALSE.has(value.toLowerCase()) : value === '';
    if (isUnset) Reflect.deleteProperty(env, envVar);
    else if (isSwitch && !TRUE.has(value.toLowerCase())) throw misuse(`${envVar} is ${value}: set it to 1 or 0`);
  }
}

function allOptions(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(allOptions)];
}

function variableOf(option: Option): string {
  return `HOMEPORT_${option.name().replaceAll('-', '_').toUpperCase()}`;
}

function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
