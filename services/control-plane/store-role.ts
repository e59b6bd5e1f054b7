/** `serve --roles store`: the embedded store for others, over the protocol of EventStoreDB. No domain runs: no polls, no tunnels, no accounts. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { releaseVersion } from '../../proto/release.ts';
import { systemClock } from '../application/clock.ts';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import { loadApiCertificate } from './api-certificate.ts';
import { AUDIT_PASSWORD_CHARACTERS, createSingleAccount } from './audit-accounts.ts';
import { startAuditPort } from './audit-port.ts';
import { openChosenEventStore } from './event-store-choice.ts';
import { localHostOf } from './local-host.ts';
import { createStoreRoleMetrics } from './metrics/store-role-metrics.ts';
import type { ControlPlaneOptions, ReadyLine } from './options.ts';
import type { ControlPlane } from './serve.ts';
import { StartError } from './start-error.ts';
import { startErrorOf } from './start-errors.ts';
import { createStoreHttp } from './store-http.ts';
import { readIfPresent, tlsFolder, writeWhole } from './tls/key-files.ts';
import { parseTrustedProxies } from './trusted-proxies.ts';

/** How often what stream metadata hides is removed. */
const scavengeMs = 10 * 60_000;

/** Starts the store. Throws {@link StartError}. */
export async function startStore(options: ControlPlaneOptions, { logger }: { readonly logger: Logger }): Promise<ControlPlane> {
  const dataDir = resolve(options.dataDir);
  const { host, auditPort, isAuditWritable = false } = options;
  const clock = systemClock;
  await using started = new AsyncDisposableStack();
  try {
    if (auditPort === undefined) throw new StartError('audit-port-missing', '--roles store serves its store at the audit port and nowhere else: give --audit-port, such as 2113');
    const isTrustedProxy = parseTrustedProxies(options.trustedProxy ?? []);
    const lock = lockDataDirectory(dataDir);
    started.defer(() => {
      lock.release();
    });
    const metrics = createStoreRoleMetrics();
    const { store: opened } = await openChosenEventStore(dataDir);
    const store = metrics.store.measured(opened);
    started.defer(() => store.close());
    const certificate = await loadApiCertificate({ ...options, dataDir }, [], logger);
    started.defer(() => {
      certificate.stop();
    });
    const { username, password, isOurs } = accountOf(options, dataDir);
    const auditLogger = logger.child({ component: 'audit' });
    const accounts = createSingleAccount({ username, password, mayWrite: isAuditWritable, clock, logger });
    const http = createStoreHttp({
      authenticate: accounts.authenticate,
      store,
      exposition: metrics.exposition,
      version: releaseVersion(),
      onFailure: (error) => auditLogger.error({ err: error }, 'a request at the audit port failed'),
    });
    const audit = await startAuditPort({
      store,
      accounts,
      onHttp: http.accept,
      isWritable: isAuditWritable,
      host,
      port: auditPort,
      localHost: localHostOf(host),
      certificate,
      caFile: join(tlsFolder(dataDir), 'ca.pem'),
      isTrustedProxy,
      clock,
      logger: auditLogger,
    });
    started.defer(() => {
      audit.close();
    });
    metrics.watch({ eventStore: store, audit, certificate, dataDir });
    started.defer(
      clock.every(scavengeMs, () => {
        store.maintenance?.scavenge().catch((error: unknown) => logger.error({ err: error }, 'what stream metadata hides could not be removed'));
      }),
    );
    // Whoever chose the password knows it.
    const readyLine: ReadyLine = { ready: true, dataDir, store: audit.connectionString(isOurs ? { username, password } : undefined) };
    const kept = started.move();
    return { readyLine, stop: () => kept.disposeAsync() };
  } catch (error) {
    throw startErrorOf(error, dataDir);
  }
}

interface StoreAccount {
  readonly username: string;
  readonly password: string;
  /** Made here, so that it has to be shown. */
  readonly isOurs: boolean;
}

/** The operator's account, or one made once, so that those who were told it can come back. */
function accountOf({ auditUser = 'homeport', auditPassword }: ControlPlaneOptions, dataDir: string): StoreAccount {
  if (auditPassword !== undefined && auditPassword.length < AUDIT_PASSWORD_CHARACTERS) {
    throw new StartError('audit-password-too-short', `the password of --audit-password-file needs at least ${AUDIT_PASSWORD_CHARACTERS} characters, such as \`openssl rand -hex 24\` makes`);
  }
  if (auditPassword !== undefined) return { username: auditUser, password: auditPassword, isOurs: false };
  const file = join(dataDir, 'audit-password');
  const stored = readIfPresent(file)?.trim();
  if (stored !== undefined && stored !== '') return { username: auditUser, password: stored, isOurs: true };
  const password = randomBytes(24).toString('base64url');
  writeWhole(file, `${password}\n`, 0o600);
  return { username: auditUser, password, isOurs: true };
}
