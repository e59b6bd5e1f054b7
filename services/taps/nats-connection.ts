/** How to reach NATS: the address, and what proves who asks. */
import { connect, type ConnectionOptions, credsAuthenticator, nkeyAuthenticator, type NatsConnection } from 'nats';
import { readFileSync } from 'node:fs';
import { TapError } from './tap-error.ts';

/** Where NATS is, and how it knows us. */
export interface NatsSettings {
  /** `nats://` or `tls://[user:password@|token@]host[:port]`, several with commas. */
  readonly url: string;
  /** A credentials file (`.creds`), as NATS' account tools write it. */
  readonly credentialsFile?: string;
  /** A file with an nkey seed. */
  readonly nkeyFile?: string;
  /** PEM files. Any of them asks for TLS. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

const connectMs = 5_000;
const pingMs = 10_000;

/** Checks the settings and reads their files. Throws {@link TapError} with words on what to change, and no password in them. */
export function readNatsSettings(settings: NatsSettings): () => Promise<NatsConnection> {
  const servers = serversIn(settings.url);
  const [first] = servers;
  if (servers.some(({ username, password }) => username !== '' && (username !== first?.username || password !== first.password))) {
    throw new TapError('nats-settings-invalid', 'the NATS servers name different accounts; they are one cluster, so name one');
  }
  const isTls = servers.some(({ protocol }) => protocol === 'tls:');
  const options: ConnectionOptions = {
    name: 'homeport tap',
    servers: servers.map(({ host, port }) => `${host}:${port}`),
    // The tap connects anew by itself: what the stream holds has to be asked again then.
    reconnect: false,
    timeout: connectMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    ...identityOf(settings, first),
    ...tlsOf(settings, isTls),
  };
  return () => connect(options);
}

/** The servers without what proves who asks, for logs. Throws as {@link readNatsSettings} does. */
export function serversOf({ url }: NatsSettings): string {
  return serversIn(url).map(({ protocol, host, port }) => `${protocol}//${host}:${port}`).join(',');
}

function serversIn(text: string): readonly Server[] {
  return text.split(',').map((one) => parse(one.trim()));
}

interface Server {
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

function parse(text: string): Server {
  const url = URL.parse(text);
  if (url === null) throw new TapError('nats-settings-invalid', 'the NATS address is not of the form nats://host:4222; encode special characters in the password, such as %40 for @');
  const { protocol, hostname, port, username, password } = url;
  if (protocol !== 'nats:' && protocol !== 'tls:') throw new TapError('nats-settings-invalid', `the NATS address begins with ${protocol}//; use nats:// or tls://`);
  if (hostname === '') throw new TapError('nats-settings-invalid', 'the NATS address names no host');
  return { protocol, host: hostname, port: port === '' ? '4222' : port, username: decoded(username), password: decoded(password) };
}

/** A percent sign that begins no encoding stands for itself: passwords come as people have them. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function identityOf({ credentialsFile, nkeyFile }: NatsSettings, server: Server | undefined): ConnectionOptions {
  if (credentialsFile !== undefined && nkeyFile !== undefined) throw new TapError('nats-settings-invalid', 'name a credentials file or an nkey file for NATS, not both');
  if (credentialsFile !== undefined) return { authenticator: credsAuthenticator(read(credentialsFile, 'credentials file')) };
  if (nkeyFile !== undefined) return { authenticator: nkeyAuthenticator(new TextEncoder().encode(read(nkeyFile, 'nkey file').toString().trim())) };
  if (server === undefined || server.username === '') return {};
  return server.password === '' ? { token: server.username } : { user: server.username, pass: server.password };
}

function tlsOf({ caFile, certFile, keyFile }: NatsSettings, isTls: boolean): ConnectionOptions {
  if ((certFile === undefined) !== (keyFile === undefined)) throw new TapError('nats-settings-invalid', 'a certificate for NATS needs its key, and a key its certificate');
  if (!isTls && caFile === undefined && certFile === undefined) return {};
  return {
    tls: {
      ...(caFile === undefined ? {} : { ca: read(caFile, 'CA file').toString() }),
      ...(certFile === undefined || keyFile === undefined ? {} : { cert: read(certFile, 'certificate').toString(), key: read(keyFile, 'key').toString() }),
    },
  };
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TapError('nats-file-unreadable', `the ${what} for NATS can't be read: ${file}`, error);
  }
}
