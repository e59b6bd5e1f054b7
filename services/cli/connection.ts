/** Which server a client command talks to, and as whom: flags, then variables, then the last sign-in. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError, misuse } from './cli-error.ts';
import { flag, readSecretFile, secretFileFlag } from './flags.ts';
import { programName } from './program-name.ts';
import { createRestClient } from './rest/rest-client.ts';
import type { RestClient } from './rest/rest-client.ts';
import { createTransport } from './rest/transport.ts';
import type { Trust } from './rest/trust.ts';
import { openServerStore } from './server-store.ts';

export interface ConnectionFlags {
  readonly url?: string;
  readonly apiKey?: string;
  readonly apiKeyFile?: string;
  readonly caFile?: string;
  readonly insecure?: true;
}

/** Adds the flags that name a server and an API key. */
export function withConnectionFlags(command: Command): Command {
  return withTrustFlags(command)
    .addOption(flag('--url <url>', 'the server, instead of the one signed in to'))
    .addOption(flag('--api-key <key>', 'an API key (hp_…), instead of the one kept at sign-in'))
    .addOption(secretFileFlag('api-key', 'a file that holds the API key'));
}

/** Adds the flags that say which certificate is trusted. */
export function withTrustFlags(command: Command): Command {
  return command
    .addOption(flag('--ca-file <file>', 'trust the certificate authorities in this PEM file, and no others'))
    .addOption(flag('--insecure', 'trust whatever certificate the server shows'));
}

/** A client for the server that flags, variables or the last sign-in name. Throws {@link CliError} `not-signed-in` and others. */
export function openClient(flags: ConnectionFlags): RestClient {
  const named = flags.url === undefined ? undefined : parseServerUrl(flags.url);
  const signIn = openServerStore(process.env).find(named?.origin);
  const url = named ?? (signIn === undefined ? undefined : new URL(signIn.url));
  const apiKey = flags.apiKey ?? (flags.apiKeyFile === undefined ? undefined : readSecretFile(flags.apiKeyFile)) ?? signIn?.apiKey;
  if (url === undefined) {
    throw new CliError('not-signed-in', `not signed in: run ${programName()} login URL, or set HOMEPORT_URL and HOMEPORT_API_KEY`);
  }
  if (apiKey === undefined) {
    throw new CliError('not-signed-in', `not signed in to ${url.host}: run ${programName()} login ${url.origin}, or set HOMEPORT_API_KEY`);
  }
  return createRestClient(createTransport(url, trustOf(flags) ?? signIn?.trust ?? { kind: 'system' }), apiKey);
}

/** Opens a client, lends it, and closes it. Throws as {@link openClient} and `use` do. */
export async function withClient<Result>(flags: ConnectionFlags, use: (client: RestClient) => Promise<Result>): Promise<Result> {
  const client = openClient(flags);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** The trust that flags ask for; undefined where they don't. */
export function trustOf(flags: ConnectionFlags): Trust | undefined {
  if (flags.caFile !== undefined) return { kind: 'authority', pem: readCertificates(flags.caFile) };
  return flags.insecure === true ? { kind: 'anything' } : undefined;
}

/** Reads a server's URL as people write it: `homeport.example:9443` will do. Throws a misuse for anything but https. */
export function parseServerUrl(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) throw misuse(`${text} is no URL: give one such as https://homeport.example:9443`);
  const url = new URL(withScheme);
  if (url.protocol !== 'https:') throw misuse(`${text} is not https: give a URL such as https://homeport.example:9443`);
  return new URL(url.origin);
}

function readCertificates(file: string): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError('ca-file-unreadable', `${file} can't be read: name a PEM file with certificates`, { cause: error });
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new CliError('ca-file-unreadable', `${file} holds no certificate: name a PEM file with certificates`);
  return pem;
}
