/** The composition root of `homeport serve`: everything that runs is started here, top to bottom, and stopped in reverse. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { createProjections } from '../../projections/open.ts';
import { signBinding } from '../../proto/binding.ts';
import { endpointsSignedAtMs, signEndpoints } from '../../proto/endpoints.ts';
import { formatHostPort } from '../../proto/host-port.ts';
import { deriveJoinSecret } from '../../proto/join-secret.ts';
import { encodeJoinToken } from '../../proto/join-token.ts';
import { createGateway } from '../../web-gateway/gateway.ts';
import { createAgentDelivery } from '../agent-delivery/agent-delivery.ts';
import { createApplication } from '../application/application.ts';
import { systemClock } from '../application/clock.ts';
import { createInstallationSecrets } from '../application/sealing.ts';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import { createPollsEdge } from '../polls/polls-edge.ts';
import { createTunnelsEdge, type TunnelsEdge } from '../tunnels/edge.ts';
import { createAdminSocket } from './admin-socket.ts';
import { loadApiCertificate } from './api-certificate.ts';
import { createApiListener } from './api-listener.ts';
import { createKeyAccounts } from './audit-accounts.ts';
import { startAuditPort } from './audit-port.ts';
import { openChosenEventStore } from './event-store-choice.ts';
import { environmentHosts } from './environment-hosts.ts';
import { loadCheckpointSigner } from './checkpoint-key.ts';
import { createExpiringStore } from './expiring-store.ts';
import { createFirstAdmin } from './first-admin.ts';
import { loadInstallation } from './installation.ts';
import { localHostOf } from './local-host.ts';
import type { ControlPlaneOptions, ReadyLine } from './options.ts';
import { readinessOf } from './readiness.ts';
import { startErrorOf } from './start-errors.ts';
import { startTap } from './start-tap.ts';
import { startStore } from './store-role.ts';
import { createTunnelListener } from './tunnel-listener.ts';
import { parseTrustedProxies } from './trusted-proxies.ts';
import { tlsFolder } from './tls/key-files.ts';
import { createTunnelIdentities } from './tls/tunnel-identities.ts';
import type { TunnelIdentity } from './tls/tunnel-identity.ts';
import { releaseVersion } from '../../proto/release.ts';

export interface ControlPlane {
  readonly readyLine: ReadyLine;
  /** Lets what is under way finish for a while, records what ends, and frees the data directory. */
  stop(): Promise<void>;
}

/** How long requests and channels may finish at the end, in milliseconds. */
const graceMs = 5000;
/** How long the certificate's word on itself is good, in milliseconds. */
const bindingMs = 3600_000;

/** Starts the control plane. Throws {@link import('./options.ts').StartError}. */
export async function startControlPlane(options: ControlPlaneOptions, deps: { readonly logger: Logger }): Promise<ControlPlane> {
  if (options.roles === 'store') return startStore(options, deps);
  const { logger } = deps;
  const dataDir = resolve(options.dataDir);
  const { host } = options;
  const clock = systemClock;
  await using started = new AsyncDisposableStack();
  try {
    const isTrustedProxy = parseTrustedProxies(options.trustedProxy ?? []);
    const lock = lockDataDirectory(dataDir);
    started.defer(() => {
      lock.release();
    });
    const { store, isNew } = await openChosenEventStore(dataDir, options.eventStore);
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

    let tunnelPort = options.tunnelPort;
    const joinSecret = (environmentId: string, tokenVersion: number) => deriveJoinSecret(installationKey, environmentId, tokenVersion);
    const application = createApplication({
      store: expiring.store,
      clock,
      logger: logger.child({ component: 'application' }),
      controlPlaneNode,
      secrets: createInstallationSecrets(installationKey),
      tunnelControl: () => tunnels.control,
      tunnelKeys: identities,
      joinSecret,
      mintJoinToken: ({ environmentId, address, tunnelAddress, joinTokenVersion }) =>
        encodeJoinToken({
          apiUrl: `https://${address}`,
          tunnelAddress,
          tunnelFingerprint: identities.fingerprint(),
          environmentId,
          joinSecret: joinSecret(environmentId, joinTokenVersion),
        }),
      defaultTunnelAddress: (agentHost) => options.tunnelAddress ?? formatHostPort({ host: agentHost, port: tunnelPort }),
      expirePolls: expiring.expiryOf('polls'),
      expireSnapshots: expiring.expiryOf('snapshots'),
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
    const nats = options.isLocal === true ? undefined : options.nats;
    const tap = startTap({ nats, store, settings: application.settings, controlPlaneNode, dataDir, logger: logger.child({ component: 'tap' }) });
    started.defer(() => tap?.close());
    if (options.isLocal !== true) await application.resume(projections.startup);

    const tunnels: TunnelsEdge = createTunnelsEdge({ gate: application.tunnels, logger: logger.child({ component: 'tunnels' }), limits: application.settings.current, clock });
    started.defer(() => tunnels.close({ graceMs }));
    const polls = createPollsEdge({
      admission: application.polls,
      snapshots: application.snapshots,
      clock,
      logger: logger.child({ component: 'polls' }),
      signBinding(nonce, accepted) {
        const { key, successions } = identities.bindingSignerFor(accepted);
        return signBinding({ spkiSha256: certificate.current().spkiSha256, expiresAtMs: clock.now() + bindingMs, nonce }, key, successions);
      },
      signEndpoints: ({ environmentId, version, address, tunnelAddress, fingerprints, accepted }, nonce) => {
        const { key, successions } = identities.signerFor(accepted);
        const pins = fingerprints.map((one) => Buffer.from(one, 'base64'));
        const signedAtMs = endpointsSignedAtMs(version, clock.now());
        return signEndpoints({ environmentId, version, apiUrl: `https://${address}`, tunnelAddress, fingerprints: pins, nonce, signedAtMs }, key, successions);
      },
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
      settings: application.settings,
      tunnelCertificate: application.tunnelCertificate,
      snapshots: application.snapshots,
      activity: application.activity,
      history: application.history,
      checkpoints: application.checkpoints,
      projections,
      dialer: tunnels.dialer,
      agentDelivery,
      isTrustedProxy,
      logger: logger.child({ component: 'gateway' }),
      caCertificatePem: () => certificate.caPem ?? undefined,
      ...(options.publicAddress === undefined ? {} : { publicAddress: options.publicAddress }),
      version: releaseVersion(),
      readiness: () => readinessOf({ store, projections, tap }),
    });
    started.defer(() => gateway.close({ graceMs }));

    const adminSocket = await createAdminSocket({ dataDir, accept: gateway.accept });
    started.defer(() => {
      adminSocket.close();
    });
    if (options.isLocal === true) return running({ ready: true, url: '', tunnelAddress: '', dataDir }, started);

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
    started.defer(() => apiListener.close());
    started.defer(certificate.onReplaced(apiListener.setCertificate));

    const admin = isFirstStart
      ? await createFirstAdmin({ accounts: application.accounts, dataDir, context: application.systemContext(), password: options.adminPassword })
      : undefined;

    const local = localHostOf(host);
    const audit =
      options.auditPort === undefined
        ? undefined
        : await startAuditPort({
            store,
            accounts: createKeyAccounts({ accounts: application.accounts, clock, logger }),
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
    const readyLine: ReadyLine = {
      ready: true,
      url: `https://${formatHostPort({ host: local, port: apiListener.port })}`,
      tunnelAddress: options.tunnelAddress ?? formatHostPort({ host: local, port: tunnelPort }),
      dataDir,
      ...(audit === undefined ? {} : { audit: audit.connectionString() }),
      ...(admin === undefined ? {} : { admin }),
    };
    return running(readyLine, started);
  } catch (error) {
    throw startErrorOf(error, dataDir);
  }
}

/** What was started outlives the function that started it. */
function running(readyLine: ReadyLine, started: AsyncDisposableStack): ControlPlane {
  const kept = started.move();
  return { readyLine, stop: () => kept.disposeAsync() };
}

function pemOf({ keyPem, certificatePem }: TunnelIdentity): { readonly key: string; readonly cert: string } {
  return { key: keyPem, cert: certificatePem };
}
