/** Reads a connection string as the client does, but says what is wrong without showing a password, and before anything connects. */
import type { ChannelCredentialOptions, DNSClusterOptions, GossipClusterOptions, SingleNodeOptions } from '@eventstore/db-client';
import { parseConnectionString, type ConnectionOptions } from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import { readFileSync } from 'node:fs';
import { EventStoreError } from '../port.ts';

/** What the client's constructor takes. */
export interface ConnectionSettings {
  readonly nodes: DNSClusterOptions | GossipClusterOptions | SingleNodeOptions;
  readonly channel: ChannelCredentialOptions;
  readonly credentials: ConnectionOptions['defaultCredentials'];
}

/** Options that the client knows, in the spelling it compares (without case, `-` and `_`). */
const knownOptions: ReadonlySet<string> = new Set([
  'connectionname', 'defaultdeadline', 'discoveryinterval', 'gossiptimeout', 'keepaliveinterval', 'keepalivetimeout',
  'maxdiscoverattempts', 'nodepreference', 'throwonappendfailure', 'tls', 'tlscafile', 'tlsverifycert', 'usercertfile', 'userkeyfile',
]);

/**
 * Settings of `esdb://[user:password@]host[:port][,…][?option=value…]` or `esdb+discover://…`; certificate files are read now. `tlsVerifyCert=false` is
 * refused, because the client would verify all the same; so is `throwOnAppendFailure=false`, which it answers wrongly.
 * Throws {@link EventStoreError} `event-store-unavailable` with words on what to change and no password in them.
 */
export function readConnectionString(text: string): ConnectionSettings {
  const options = parse(text);
  if (options.throwOnAppendFailure === false) throw refused('leave throwOnAppendFailure away');
  const isSecure = options.tls !== false;
  // The client would leave them out without a word, and the server would see a guest.
  if (!isSecure && options.defaultCredentials !== undefined) throw refused('a name and password are only sent with TLS: leave tls=false away, or the name and password');
  const { hosts, dnsDiscover, defaultCredentials } = options;
  const [first] = hosts;
  if (first === undefined) throw refused('it names no host');
  const shared = { ...definedOf(options), throwOnAppendFailure: true };
  return {
    nodes: dnsDiscover ? { ...shared, discover: first } : hosts.length > 1 ? { ...shared, endpoints: hosts } : { ...shared, endpoint: first },
    channel: { insecure: !isSecure, ...certificates(options) },
    credentials: defaultCredentials,
  };
}

function parse(text: string): ConnectionOptions {
  if (text.split('@').length > 2) throw refused('it has more than one @; write those of the password as %40');
  // A password may look like options: they come after it.
  const options = text.slice(text.lastIndexOf('@') + 1);
  for (const [, name = '', value] of options.matchAll(/[?&]([^=&?]+)(?:=([^&?]*))?/g)) {
    // Of both the client would warn on the console, with the whole string in it.
    const option = name.trim().toLowerCase().replace(/[_-]/g, '');
    if (!knownOptions.has(option)) throw refused(/^[a-z]+$/.test(option) ? `it has an option that is not known: ${name.trim()}` : 'it has an option that is not known');
    if (option === 'tlsverifycert' && value?.trim() === 'false') throw refused('tlsVerifyCert=false is not possible; name the authority by tlsCAFile');
  }
  try {
    return parseConnectionString(text);
  } catch {
    throw refused('it is not of the form esdb://user:password@host:2113?tlsCAFile=FILE, nor esdb+discover://…; encode special characters in the password, such as %3A for a colon');
  }
}

function definedOf({ connectionName, defaultDeadline, discoveryInterval, gossipTimeout, keepAliveInterval, keepAliveTimeout, maxDiscoverAttempts, nodePreference }: ConnectionOptions) {
  return {
    connectionName: connectionName ?? 'homeport',
    ...(defaultDeadline === undefined ? {} : { defaultDeadline }),
    ...(discoveryInterval === undefined ? {} : { discoveryInterval }),
    ...(gossipTimeout === undefined ? {} : { gossipTimeout }),
    ...(keepAliveInterval === undefined ? {} : { keepAliveInterval }),
    ...(keepAliveTimeout === undefined ? {} : { keepAliveTimeout }),
    ...(maxDiscoverAttempts === undefined ? {} : { maxDiscoverAttempts }),
    ...(nodePreference === undefined ? {} : { nodePreference }),
  };
}

function certificates({ tlsCAFile, userCertFile, userKeyFile }: ConnectionOptions): ChannelCredentialOptions {
  if ((userCertFile === undefined) !== (userKeyFile === undefined)) throw refused('userCertFile and userKeyFile belong together');
  return {
    ...(tlsCAFile === undefined ? {} : { rootCertificate: read(tlsCAFile, 'tlsCAFile') }),
    ...(userCertFile === undefined ? {} : { userCertFile: read(userCertFile, 'userCertFile') }),
    ...(userKeyFile === undefined ? {} : { userKeyFile: read(userKeyFile, 'userKeyFile') }),
  };
}

function read(file: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new EventStoreError('event-store-unavailable', `The file that ${option} of the event store's connection string names can't be read: ${file}`, { cause: error });
  }
}

function refused(why: string): EventStoreError {
  return new EventStoreError('event-store-unavailable', `The event store's connection string is wrong: ${why}.`);
}
