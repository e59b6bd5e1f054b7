/** The tunnels this agent holds: opened with the credentials that polls bring, reported in polls, gone when they end. */
import type { Logger } from 'pino';
import type { SealedCredentials, TunnelCredentials, TunnelFailure } from '../proto/generated/homeport/poll/v1/poll.ts';
import { formatHostPort, parseHostPort } from '../proto/host-port.ts';
import type { HostPort } from '../proto/host-port.ts';
import { SealedCredentialsError, openSealedCredentials } from '../proto/sealed-credentials.ts';
import type { CredentialsKeyParts } from '../proto/sealed-credentials.ts';
import { ConnectFailure } from './connection/connect-failure.ts';
import type { TunnelAccess } from './connection/tunnel-access.ts';
import type { AgentEndpoints } from './endpoints/agent-endpoints.ts';
import type { Notices } from './notices.ts';
import type { DialTarget } from './tunnel/dial-target.ts';
import type { OpenTunnel, TunnelOptions } from './tunnel/open-tunnel.ts';
import { TunnelFailure as OpenFailure } from './tunnel/tunnel-failure.ts';

/** Credentials are good once: those seen are remembered, the last so many. */
const REMEMBERED = 256;
/** How much of the time that is left an address may take where there is another to try. */
const NOT_LAST_SHARE = 0.7;
/** A tunnel that ends sooner counts as one that did not work. */
const SHORT_LIFE_MS = 10_000;
/** Ends that nobody wants undone. */
const WANTED_ENDS: ReadonlySet<string> = new Set(['idle', 'disconnected', 'environment-removed', 'token-rotated', 'disassociated', 'agent-stopped']);

export interface HeldTunnels {
  /** Opens a tunnel with each of these that was not seen before. */
  accept(required: readonly SealedCredentials[]): void;
  /** Ends those that were made under a fingerprint which is accepted no more: whoever has its key may sit in them. Others open in their place. */
  fingerprintsChanged(): void;
  /** The credentials' ids of the tunnels that are open or just being opened. */
  heldCredentialsIds(): string[];
  /** The last failure that was not taken yet. */
  takeFailure(): TunnelFailure | undefined;
  /** The request that carried it was lost: it is to be reported again, unless there is a newer one. */
  putBack(failure: TunnelFailure): void;
  /** Says goodbye on all of them; resolves when they are gone. */
  close(): Promise<void>;
}

/** Creates the holder. `news` is called when a poll should go out at once; `isTrouble` is whether what led to it did not work. */
export function createHeldTunnels(options: {
  readonly keyParts: CredentialsKeyParts;
  readonly environmentId: string;
  readonly instanceId: string;
  /** Where to open them, and what came of it. */
  readonly endpoints: Pick<AgentEndpoints, 'tunnelAddresses' | 'tunnelWorked' | 'tunnelFailed'>;
  /** What the hello says of endpoints is other than before. */
  readonly endpointsNews: () => void;
  readonly access: TunnelAccess;
  readonly openTunnel: (options: TunnelOptions) => Promise<OpenTunnel>;
  readonly dialTarget: DialTarget;
  readonly inactivityMs: number | undefined;
  /** The last snapshot, before an idle close. */
  readonly beforeIdleClose: (signal: AbortSignal) => Promise<void>;
  readonly news: (isTrouble: boolean) => void;
  readonly logger: Logger;
  readonly notices: Notices;
}): HeldTunnels {
  const { keyParts, environmentId, instanceId, endpoints, endpointsNews, access, openTunnel, dialTarget, inactivityMs, beforeIdleClose, news, logger, notices } = options;
  const stopping = new AbortController();
  const seen = new Set<string>();
  /** By credentials' id: what resolves when nothing of the tunnel is left. */
  const held = new Map<string, Promise<void>>();
  /** The open ones, each with whether its certificate is still pinned. */
  const opened = new Map<OpenTunnel, () => boolean>();
  let failure: TunnelFailure | undefined;

  /** What can't be read is told at once, so that nobody waits until it expires: altered on the way, or sealed for another agent. */
  const unseal = (sealed: SealedCredentials): TunnelCredentials | undefined => {
    try {
      return openSealedCredentials(sealed.sealed, keyParts);
    } catch (error) {
      if (!(error instanceof SealedCredentialsError)) throw error;
      const { code, message } = error;
      notices.trouble('tunnel', code, 'tunnel credentials cannot be opened with this join token and Edge ID; check that both are of the same environment');
      // Which ones they were only they could say.
      failure = { credentialsId: '', reason: code, detail: message };
      return undefined;
    }
  };

  const openAt = async (target: HostPort, { credentialsId, secret }: TunnelCredentials, withinMs: number): Promise<OpenTunnel> => {
    try {
      const { isPinned, ...route } = await access.route(target, AbortSignal.any([stopping.signal, AbortSignal.timeout(Math.ceil(withinMs))]));
      const tunnel = await openTunnel({
        ...route,
        hello: { environmentId, credentialsId, secret, instanceId },
        dialTarget,
        ...(inactivityMs === undefined ? {} : { inactivityMs }),
        beforeIdleClose,
        logger,
        signal: stopping.signal,
      });
      opened.set(tunnel, isPinned);
      void tunnel.ended.then(() => opened.delete(tunnel));
      // They may have changed while it was opened.
      endUnpinned();
      return tunnel;
    } catch (error) {
      access.forget(target);
      throw error;
    }
  };

  function endUnpinned(): void {
    for (const [tunnel, isPinned] of opened) {
      if (!isPinned()) tunnel.close('pin-dropped');
    }
  }

  /** Opens a tunnel where the credentials say; where nobody is to be reached there, at the addresses known from before. */
  const open = async (credentials: TunnelCredentials): Promise<OpenTunnel> => {
    const { credentialsId, validForMs } = credentials;
    const endsAtMs = performance.now() + validForMs;
    const targets = endpoints.tunnelAddresses(parseHostPort(credentials.tunnelAddress));
    let first: (ReturnType<typeof describe> & { readonly address: string; readonly error: unknown }) | undefined;
    for (const [index, target] of targets.entries()) {
      const leftMs = Math.max(0, endsAtMs - performance.now());
      try {
        const tunnel = await openAt(target, credentials, index < targets.length - 1 ? leftMs * NOT_LAST_SHARE : leftMs);
        endpoints.tunnelWorked(formatHostPort(target));
        if (first !== undefined) notices.trouble('tunnel-address', first.code, `the tunnel address cannot be used, and the tunnel was opened where it was before: ${first.message}`, { address: first.address });
        else notices.fine('tunnel-address', 'tunnels are opened at the tunnel address');
        if (endpoints.tunnelFailed(first === undefined ? undefined : { address: first.address, reason: first.code, detail: wordsOf(first) })) endpointsNews();
        return tunnel;
      } catch (error) {
        first ??= { ...describe(error), address: formatHostPort(target), error };
        if (stopping.signal.aborted || !isUnreached(error)) break;
      }
    }
    if (first === undefined) throw new Error('there is no address to open a tunnel at');
    const { code, message, detail, address } = first;
    if (!stopping.signal.aborted) notices.trouble('tunnel', code, message, { address, ...(detail === undefined ? {} : { detail }) });
    failure = { credentialsId, reason: code, detail: wordsOf(first) };
    throw first.error;
  };

  /** Opens a tunnel and sees it to its end. Never rejects. */
  const hold = async (credentials: TunnelCredentials): Promise<void> => {
    const { credentialsId } = credentials;
    let isTrouble = true;
    try {
      const tunnel = await open(credentials);
      const openedAtMs = performance.now();
      notices.fine('tunnel', 'a tunnel could be opened again');
      logger.info({ credentialsId }, 'tunnel opened');
      const { reason } = await tunnel.ended;
      logger.info({ credentialsId, reason }, 'tunnel ended');
      if (WANTED_ENDS.has(reason)) return void held.delete(credentialsId);
      isTrouble = reason !== 'pin-dropped' && performance.now() - openedAtMs < SHORT_LIFE_MS;
    } catch {
      // It is said and kept for the next poll.
    }
    held.delete(credentialsId);
    if (!stopping.signal.aborted) news(isTrouble);
  };

  return {
    accept(required) {
      if (stopping.signal.aborted) return;
      for (const sealed of required) {
        const credentials = unseal(sealed);
        if (credentials === undefined) news(true);
        if (credentials === undefined || seen.has(credentials.credentialsId)) continue;
        seen.add(credentials.credentialsId);
        for (const oldest of seen) if (seen.size > REMEMBERED) seen.delete(oldest);
        held.set(credentials.credentialsId, hold(credentials));
      }
    },
    fingerprintsChanged: endUnpinned,
    heldCredentialsIds: () => [...held.keys()],
    takeFailure() {
      const taken = failure;
      failure = undefined;
      return taken;
    },
    putBack(lost) {
      failure ??= lost;
    },
    async close() {
      stopping.abort();
      await Promise.all(held.values());
    },
  };
}

/** Whether it failed before the credentials were judged. */
function isUnreached(error: unknown): boolean {
  return error instanceof ConnectFailure || (error instanceof OpenFailure ? error.reason === 'unreachable' : error instanceof Error && error.name === 'TimeoutError');
}

function wordsOf({ message, detail }: ReturnType<typeof describe>): string {
  return detail === undefined ? message : `${message} (${detail})`;
}

/** A failure's code, constant words, and what the system or the control plane said. */
function describe(error: unknown): { readonly code: string; readonly message: string; readonly detail: string | undefined } {
  if (error instanceof ConnectFailure) return { code: error.code, message: error.message, detail: error.detail };
  if (error instanceof OpenFailure) return { code: error.reason, message: 'the tunnel could not be opened; it is tried again with new credentials', detail: error.message };
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const message = 'the tunnel address does not answer in time; check that its port can be reached from here';
  return isLate ? { code: 'connection-timeout', message, detail: undefined } : { code: 'internal', message: 'the tunnel could not be opened', detail: String(error) };
}
