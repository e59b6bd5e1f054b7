/** The composition root of `homeport serve`: everything that runs is started here, top to bottom, and stopped in reverse. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { createProjections } from '../../projections/open.ts';
import type { Projections } from '../../projections/port.ts';
import { signBinding } from '../../proto/binding.ts';
import { signEndpoints } from '../../proto/endpoints.ts';
import { formatHostPort } from '../../proto/host-port.ts';
import { deriveJoinSecret } from '../../proto/join-secret.ts';
import { encodeJoinToken } from '../../proto/join-token.ts';
import type { Readiness } from '../../web-gateway/gateway-dependencies.ts';
import { createGateway } from '../../web-gateway/gateway.ts';
import { createAgentDelivery } from '../agent-delivery/agent-delivery.ts';
import { type Application, createApplication } from '../application/application.ts';
import { systemClock } from '../application/clock.ts';
import { createInstallationSecrets } from '../application/sealing.ts';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import type { ExpiryRequest } from '../event-store/log-maintenance.ts';
import type { OpenedEventStore } from '../event-store/open.ts';
import type { EventStore } from '../event-store/port.ts';
import { createPollsEdge } from '../polls/polls-edge.ts';
import { type NatsTap, startNatsTap, type TapState } from '../taps/nats-tap.ts';
import { createTunnelsEdge, type TunnelsEdge } from '../tunnels/edge.ts';
import { createAdminSocket } from './admin-socket.ts';
import { loadApiCertificate } from './api-certificate.ts';
import { createApiListener } from './api-listener.ts';
import { createKeyAccounts } from './audit-accounts.ts';
import { startAuditPort } from './audit-port.ts';
import { openChosenEventStore } from './event-store-choice.ts';
import { environmentHosts } from './environment-hosts.ts';
import { loadCheckpointSigner } from './checkpoint-key.ts';
import { createFirstAdmin } from './first-admin.ts';
import { loadInstallation } from './installation.ts';
import { localHostOf } from './local-host.ts';
import type { ControlPlaneOptions, ReadyLine } from './options.ts';
import { startErrorOf } from './start-errors.ts';
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
      store,
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
      expirePolls: expiryOf(store, 'polls'),
      expireSnapshots: expiryOf(store, 'snapshots'),
      signing: store.chain === undefined ? undefined : { chain: store.chain, signer: loadCheckpointSigner(dataDir, options.checkpointKeyFile) },
      async onAddress(agentHost) {
        await certificate.addNames([agentHost]).catch((error: unknown) => {
          logger.error({ err: error }, 'the certificate could not be reissued for a new address');
        });
      },
    });
    started.defer(() => application.close());
    const { isEmpty: isFirstStart } = await application.startAccounts();
    const tap = options.nats === undefined || options.isLocal === true ? undefined : tapInto(options.nats, { store, application, controlPlaneNode, dataDir, logger });
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
      signEndpoints: ({ environmentId, version, address, tunnelAddress, fingerprints, accepted }) => {
        const { key, successions } = identities.signerFor(accepted);
        const pins = fingerprints.map((one) => Buffer.from(one, 'base64'));
        return signEndpoints({ environmentId, version, apiUrl: `https://${address}`, tunnelAddress, fingerprints: pins }, key, successions);
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
      readiness: () => readinessOf({ store, projections, tap: tap?.state() }),
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

/** A server removes what has expired by itself. */
function expiryOf({ maintenance }: OpenedEventStore, category: string) {
  return maintenance === undefined ? undefined : async (bounds: Omit<ExpiryRequest, 'category'>) => (await maintenance.expire({ category, ...bounds })).events;
}

function pemOf({ keyPem, certificatePem }: TunnelIdentity): { readonly key: string; readonly cert: string } {
  return { key: keyPem, cert: certificatePem };
}

/** That NATS or the event store is away is shown, and is no reason to send agents and open tunnels elsewhere: there is nowhere better. */
function readinessOf({ store, projections, tap }: { readonly store: EventStore; readonly projections: Projections; readonly tap: TapState | undefined }): Readiness {
  const state = projections.state();
  return {
    ready: state.kind === 'live',
    checks: {
      eventStore: store.unavailability?.() ?? 'ok',
      projections: state.kind === 'live' ? 'ok' : state.kind === 'failed' ? state.reason : 'catching up',
      ...(tap === undefined ? {} : { nats: tap.state === 'away' ? (tap.reason ?? 'away') : tap.state === 'connecting' ? 'connecting' : 'ok' }),
    },
  };
}

function tapInto(
  nats: NonNullable<ControlPlaneOptions['nats']>,
  { store, application, controlPlaneNode, dataDir, logger }: { readonly store: EventStore; readonly application: Application; readonly controlPlaneNode: string; readonly dataDir: string; readonly logger: Logger },
): NatsTap {
  const { settings } = application;
  const tap = startNatsTap({
    eventStore: store,
    nats,
    source: `urn:homeport:${controlPlaneNode}`,
    includesPolls: settings.current().publishPolls,
    checkpointFile: join(dataDir, 'nats-tap.json'),
    logger: logger.child({ component: 'tap' }),
  });
  settings.onChanged(() => {
    tap.includePolls(settings.current().publishPolls);
  });
  return tap;
}
