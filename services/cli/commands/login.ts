/** `homeport login`: confirms the server's certificate, signs in, and keeps an API key. */
import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { parseServerUrl, trustOf, withTrustFlags } from '../connection.ts';
import { flag, readSecretFile, secretFileFlag } from '../flags.ts';
import { ask, askSecretly, canAsk, confirm, readPipedText } from '../prompt.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { createApiKey } from '../rest/session.ts';
import { createTransport } from '../rest/transport.ts';
import { connectTrusting, publicKeyHash } from '../rest/trust.ts';
import type { Trust } from '../rest/trust.ts';
import { openServerStore } from '../server-store.ts';

interface Flags {
  readonly caFile?: string;
  readonly insecure?: true;
  readonly fingerprint?: string;
  readonly username?: string;
  readonly passwordFile?: string;
}

export function loginCommand(): Command {
  const command = new Command('login')
    .description('sign in to a server, and keep an API key for it')
    .argument('<url>', 'the server, such as https://homeport.example:9443')
    .addOption(flag('--username <name>', 'the account; asked for otherwise'))
    .addOption(secretFileFlag('password', 'a file that holds the password (or HOMEPORT_PASSWORD, or stdin); asked for otherwise'))
    .addOption(flag('--fingerprint <sha256>', "trust the certificate with this SHA-256 fingerprint, of itself (hex) or of its key (base64)"));
  return withTrustFlags(command).action(login);
}

async function login(urlText: string, flags: Flags): Promise<void> {
  const url = parseServerUrl(urlText);
  const trust = await agreeOnTrust(url, flags);
  const credentials = { username: await usernameOf(flags), password: await passwordOf(flags) };
  const client = createRestClient(createTransport(url, trust), undefined);
  try {
    const { id, secret } = await createApiKey(client, credentials, { name: `homeport login on ${hostname()}`.slice(0, 64) });
    openServerStore(process.env).save({ url: url.origin, username: credentials.username, apiKeyId: id, apiKey: secret, trust });
  } finally {
    client.close();
  }
  process.stdout.write(`Signed in to ${url.origin} as ${credentials.username}\n`);
}

/** What the server's certificate is trusted by from now on: flags, else this machine's authorities, else whoever confirms its key. */
async function agreeOnTrust(url: URL, flags: Flags): Promise<Trust> {
  const asked = trustOf(flags);
  if (asked?.kind === 'authority') return asked;
  if (asked === undefined && flags.fingerprint === undefined) {
    try {
      (await connectTrusting(url, { kind: 'system' })).destroy();
      return { kind: 'system' };
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'certificate-not-trusted') throw error;
    }
  }
  const certificate = await fetchCertificate(url);
  const pinned: Trust = { kind: 'key', spkiSha256: publicKeyHash(certificate) };
  if (flags.fingerprint !== undefined) {
    if (matches(certificate, flags.fingerprint)) return pinned;
    throw new CliError('certificate-not-trusted', `${url.host} shows another certificate, ${certificate.fingerprint256}: someone may be in between, or the fingerprint is of another server`);
  }
  // --insecure trusts what is shown now, and from then on nothing else.
  if (asked?.kind === 'anything') return pinned;
  await confirmCertificate(url, certificate);
  return pinned;
}

async function confirmCertificate(url: URL, certificate: X509Certificate): Promise<void> {
  const fingerprint = certificate.fingerprint256;
  if (!canAsk()) {
    throw new CliError('certificate-not-trusted', `${url.host} shows a certificate this machine does not know: if ${fingerprint} is the server's, pass --fingerprint ${fingerprint}`);
  }
  process.stderr.write(
    `${url.host} shows a certificate this machine does not know.\n\n  issued by   ${oneLine(certificate.issuer)}\n  SHA-256     ${fingerprint}\n\n` +
      'On the server, this prints what it should be:\n\n  openssl x509 -in DATA_DIR/tls/api.pem -noout -fingerprint -sha256\n\n',
  );
  if (!(await confirm('Is it the same?'))) throw new CliError('certificate-not-trusted', 'the certificate was not confirmed; nothing was sent');
}

async function fetchCertificate(url: URL): Promise<X509Certificate> {
  const socket = await connectTrusting(url, { kind: 'anything' });
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (certificate === undefined) throw new CliError('certificate-not-trusted', `${url.host} shows no certificate: check the address`);
  return certificate;
}

function matches(certificate: X509Certificate, fingerprint: string): boolean {
  const hex = createHash('sha256').update(certificate.raw).digest('hex');
  return fingerprint.replaceAll(':', '').toLowerCase() === hex || fingerprint.replace(/^sha256\/\//, '') === publicKeyHash(certificate);
}

async function usernameOf({ username }: Flags): Promise<string> {
  if (username !== undefined) return username;
  if (!canAsk()) throw new CliError('no-username', 'there is no one to ask for the name: pass --username or set HOMEPORT_USERNAME');
  return await ask('Username: ');
}

async function passwordOf({ passwordFile }: Flags): Promise<string> {
  if (passwordFile !== undefined) return readSecretFile(passwordFile);
  const fromEnvironment = process.env.HOMEPORT_PASSWORD ?? '';
  if (fromEnvironment !== '') return fromEnvironment;
  return canAsk() ? await askSecretly('Password: ') : await readPipedText();
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ', ').replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}
