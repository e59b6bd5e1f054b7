/** The composition root of `homeport serve`: everything that runs is started here, top to bottom, and stopped in reverse. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { createProjections } from '../../projections/open.ts';
import { formatHostPort } from '../../proto/host-port.ts';
import { createGateway } from '../../web-gateway/gateway.ts';
import { createAgentDelivery } from '../agent-delivery/agent-delivery.ts';
import { createApplication } from '../application/application.ts';
import { systemClock } from '../application/clock.ts';
import { createInstallationSecrets } from '../application/sealing.ts';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import { createPollsEdge } from '../polls/polls-edge.ts';
import { createTunnelsEdge, type TunnelsEdge } from '../tunnels/edge.ts';
import { createAdminSocket } from './admin-socket.ts';
import { createAgentSignatures } from './agent-signatures.ts';
import { loadApiCertificate } from './api-certificate.ts';
import { createApiListener } from './api-listener.ts';
import { createKeyAccounts } from './audit-accounts.ts';
import { openChosenEventStore } from './event-store-choice.ts';
import { environmentHosts } from './environment-hosts.ts';
import { loadCheckpointSigner } from './checkpoint-key.ts';
import { createDraining, type Draining } from './draining.ts';
import { createExpiringStore } from './expiring-store.ts';
import { createEventExports } from './event-exports.ts';
import { createFirstAdmin, forgetChangedPassword } from './first-admin.ts';
import { loadInstallation } from './installation.ts';
import { createJoinTokens } from './join-tokens.ts';
import { localHostOf } from './local-host.ts';
import { machineAddresses } from './machine-addresses.ts';
import { createMetrics } from './metrics/metrics.ts';
import { type ControlPlaneOptions, controlPlaneDefaults, type ReadyLine } from './options.ts';
import { isReady, readinessOf } from './readiness.ts';
import { startErrorOf } from './start-errors.ts';
import { endTap, startTap } from './start-tap.ts';
import { createTunnelListener } from './tunnel-listener.ts';
import { parseTrustedProxies } from './trusted-proxies.ts';
import { tlsFolder } from './tls/key-files.ts';
import type { NatsTap } from '../taps/nats-tap.ts';
import { createTunnelIdentities } from './tls/tunnel-identities.ts';
import type { TunnelIdentity } from './tls/tunnel-identity.ts';
import { releaseVersion } from '../../proto/release.ts';

export interface ControlPlane {
  readonly readyLine: ReadyLine;
  /** Says that it is not ready any more, lets what is under way finish for a while, records what ends, and frees the data directory. */
  stop(): Promise<void>;
}

/** Starts the control plane. Throws {@link import('./options.ts').StartError}. */
export async function startControlPlane(options: ControlPlaneOptions, deps: { readonly logger: Logger }): Promise<ControlPlane> {
  if (options.roles === 'store') return (await import('./store-role.ts')).startStore(options, deps);
  const { logger } = deps;
  const dataDir = resolve(options.dataDir);
  const { host } = options;
  const clock = systemClock;
  const { drainDelayMs: delayMs = 0, drainTimeoutMs: graceMs = controlPlaneDefaults.drainTimeoutMs } = options;
  const draining = createDraining({ delayMs, clock });
  const metrics = createMetrics();
  await using started = new AsyncDisposableStack();
  try {
    const isTrustedProxy = parseTrustedProxies(options.trustedProxy ?? []);
    const lock = lockDataDirectory(dataDir);
    started.defer(() => {
      lock.release();
    });
    const { store: opened, isNew } = await openChosenEventStore(dataDir, options.eventStore);
    const store = metrics.store.measured(opened);
    started.defer(() => store.close());
    const expiring = createExpiringStore(store, () => application.settings, logger);
    const { key: installationKey, controlPlaneNode } = loadInstallation(dataDir, { keyFile: options.keyFile, isNew });
    const identities = createTunnelIdentities(dataDir);

    const readModels = join(dataDir, 'read-models');
    mkdirSync(readModels, { recursive: true, mode: 0o700 });
    const projections = await createProjections({ eventStore: store, file: join(readModels, 'read-models.db'), logger: logger.child({ component: 'projections' }) });
    started.defer(() => projections.close());
    await projections.whenCaughtUp();

    const certificate = await loadApiCertificate({ ...options, dataDir }, await environmentHosts(projections.environments), logger);
    started.defer(() => {
      certificate.stop();
    });

    // After the application has ended: what it records at the end is published too.
    let tap: NatsTap | undefined = undefined;
    started.defer(() => endTap(tap, store));

    let { tunnelPort, httpsPort } = options;
    const secrets = createInstallationSecrets(installationKey);
    const application = createApplication({
      store: expiring.store,
      clock,
      logger: logger.child({ component: 'application' }),
      controlPlaneNode,
      secrets,
      tunnelControl: () => tunnels.control,
      tunnelKeys: identities,
      ...createJoinTokens({ installationKey, identities }),
      defaultTunnelAddress: (agentHost) => options.tunnelAddress ?? formatHostPort({ host: agentHost, port: tunnelPort }),
      maintenance: store.maintenance,
      onTunnelOpened: metrics.tunnelOpened,
      signing: store.chain === undefined ? undefined : { chain: store.chain, signer: loadCheckpointSigner(dataDir, options.checkpointKeyFile) },
      async onAddress(agentHost) {
        await certificate.addNames([agentHost]).catch((error: unknown) => {
          logger.error({ err: error }, 'the certificate could not be reissued for a new address');
        });
      },
    });
    started.defer(() => application.close());
    const { isEmpty: isFirstStart } = await application.startAccounts();
    application.settings.onChanged(expiring.settingsChanged);
    forgetChangedPassword(application.accounts, dataDir);
    const nats = options.isLocal === true ? undefined : options.nats;
    tap = await startTap({ nats, store, settings: application.settings, controlPlaneNode, dataDir, logger: logger.child({ component: 'tap' }) });
    if (options.isLocal !== true) await application.resume(projections.startup);

    const tunnels: TunnelsEdge = createTunnelsEdge({ gate: application.tunnels, logger: logger.child({ component: 'tunnels' }), limits: application.settings.current, clock });
    started.defer(() => tunnels.close({ graceMs }));
    const polls = createPollsEdge({
      admission: application.polls,
      snapshots: application.snapshots,
      clock,
      logger: logger.child({ component: 'polls' }),
      ...createAgentSignatures({ identities, certificate, clock }),
      isReady: () => isReady({ projections, draining }),
    });
    started.defer(() => polls.close());
    const agentDelivery = createAgentDelivery({
      folder: join(dataDir, 'agent'),
      served: () => ({ spkiSha256: certificate.current().spkiSha256, isPublic: certificate.isPublic }),
    });
    started.defer(() => {
      agentDelivery.close();
    });
    const gateway = await createGateway({
      environments: application.environments,
      connections: application.tunnels,
      accounts: application.accounts,
      users: application.accounts.users,
      environmentAccess: application.accounts.environmentAccess,
      settings: application.settings,
      tunnelCertificate: application.tunnelCertificate,
      snapshots: application.snapshots,
      activity: application.activity,
      history: application.history,
      eventExports: createEventExports({ store, dataDir, clock }),
      checkpoints: application.checkpoints,
      projections,
      dialer: tunnels.dialer,
      agentDelivery,
      metrics: metrics.gateway,
      isTrustedProxy,
      logger,
      caCertificatePem: () => certificate.caPem ?? undefined,
      ...(options.publicAddress === undefined ? {} : { publicAddress: options.publicAddress }),
      ...(options.openIdConnect === undefined ? {} : { openIdConnect: { settings: options.openIdConnect, key: secrets.derive('openid connect sign-ins v1') } }),
      machineAddresses: () => machineAddresses({ host, port: httpsPort, certificatePem: certificate.current().certificatePem }),
      version: releaseVersion(),
      readiness: () => readinessOf({ store, projections, tap, draining }),
    });
    started.defer(() => gateway.close({ graceMs }));

    const adminSocket = await createAdminSocket({ dataDir, accept: gateway.accept });
    started.defer(() => {
      adminSocket.close();
    });
    if (options.isLocal === true) return running({ ready: true, url: '', tunnelAddress: '', dataDir }, started, draining);

    const tunnelListener = await createTunnelListener({ host, port: options.tunnelPort, ...pemOf(identities.current()), accept: tunnels.accept, isTrustedProxy, clock });
    started.defer(() => tunnelListener.close());
    started.defer(identities.onReplaced((identity) => tunnelListener.setIdentity(pemOf(identity))));
    tunnelPort = tunnelListener.port;
    const apiListener = await createApiListener({
      host,
      port: options.httpsPort,
      certificate: certificate.current(),
      isTrustedProxy,
      onGrpc: polls.accept,
      onHttp: gateway.accept,
    });
    httpsPort = apiListener.port;
    started.defer(() => apiListener.close());
    started.defer(certificate.onReplaced(apiListener.setCertificate));

    const admin = isFirstStart
      ? await createFirstAdmin({ users: application.accounts.users, dataDir, context: application.systemContext(), password: options.adminPassword })
      : undefined;

    const local = localHostOf(host);
    // Loaded where there is one, as the role `store` is: most have neither, and need not load EventStoreDB's messages.
    const audit =
      options.auditPort === undefined
        ? undefined
        : await (await import('./audit-port.ts')).startAuditPort({
            store,
            accounts: createKeyAccounts({ accounts: application.accounts, environmentAccess: application.accounts.environmentAccess, clock, logger }),
            isWritable: false,
            host,
            port: options.auditPort,
            localHost: local,
            certificate,
            caFile: join(tlsFolder(dataDir), 'ca.pem'),
            isTrustedProxy,
            clock,
            logger: logger.child({ component: 'audit' }),
          });
    started.defer(() => audit?.close());
    metrics.watch({ application, traffic: tunnels.traffic, eventStore: store, projections, tap, audit, certificate, dataDir });
    const readyLine: ReadyLine = {
      ready: true,
      url: `https://${formatHostPort({ host: local, port: apiListener.port })}`,
      tunnelAddress: options.tunnelAddress ?? formatHostPort({ host: local, port: tunnelPort }),
      dataDir,
      ...(audit === undefined ? {} : { audit: audit.connectionString() }),
      ...(admin === undefined ? {} : { admin }),
    };
    return running(readyLine, started, draining);
  } catch (error) {
    throw startErrorOf(error, dataDir);
  }
}

/** What was started outlives the function that started it. */
function running(readyLine: ReadyLine, started: AsyncDisposableStack, draining: Draining): ControlPlane {
  const kept = started.move();
  return {
    readyLine,
    async stop() {
      await draining.begin();
      await kept.disposeAsync();
    },
  };
}

function pemOf({ keyPem, certificatePem }: TunnelIdentity): { readonly key: string; readonly cert: string } {
  return { key: keyPem, cert: certificatePem };
}
