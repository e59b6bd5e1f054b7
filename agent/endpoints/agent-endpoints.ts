/** Where this agent finds the control plane and which tunnel fingerprints it accepts: by its join token, and by what it was told since. */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { ENDPOINTS_NONCE_BYTES, EndpointsError, verifyEndpoints } from '../../proto/endpoints.ts';
import { parseFingerprint } from '../../proto/fingerprint.ts';
import type { EndpointsFailure, EndpointsInUse, SignedEndpoints } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { parseHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import type { JoinToken } from '../../proto/join-token.ts';
import { AgentOptionsError } from '../agent-error.ts';
import type { Notices } from '../notices.ts';
import type { EndpointsFile, KeptEndpoints } from './kept-endpoints.ts';

/** Addresses that worked are remembered, the last so many. */
const WORKED_REMEMBERED = 4;

/** Undefined says that it can be used. */
type Failure = Omit<EndpointsFailure, 'isTunnel'> | undefined;

/** What an agent goes by, and what it learns of it: addresses, fingerprints, and which of them work. */
export interface AgentEndpoints {
  /** 32 bytes each; the same array until they change. */
  fingerprints(): readonly Uint8Array[];
  /** Where to poll, by the newest word. */
  apiUrl(): string;
  /** Where else polls may be answered: where they were last comes first; with `isLong` also where they once were, and the join token's. */
  otherApiUrls(isLong: boolean): readonly string[];
  /** Where to open a tunnel, in this order; `told` is what came with its credentials. */
  tunnelAddresses(told: HostPort | undefined): readonly HostPort[];
  /** Takes newer ones over. What doesn't hold is logged and left; true where the addresses or fingerprints are others now. */
  accept(signed: SignedEndpoints): boolean;
  /** A poll was answered, or a tunnel opened, there. */
  apiWorked(apiUrl: string): void;
  tunnelWorked(address: string): void;
  /** The newest address can't be used, or can again; true where that is news. */
  apiFailed(failure: Failure): boolean;
  tunnelFailed(failure: Failure): boolean;
  /** A poll call begins: what it brings must have been signed for it, and what earlier ones brought counts no more. */
  callBegins(): void;
  /** For the hello. */
  inUse(): EndpointsInUse;
}

/** Reads what is kept for the join token. A file that can't be read is logged, and the join token holds. */
export function createAgentEndpoints(options: {
  readonly token: JoinToken;
  readonly file: EndpointsFile;
  readonly logger: Logger;
  readonly notices: Notices;
}): AgentEndpoints {
  const { token, file, logger, notices } = options;
  let current = readKept(file, notices) ?? endpointsOfToken(token);
  let nonce = randomBytes(ENDPOINTS_NONCE_BYTES);
  /** Why the newest addresses are not used. */
  let failures = { api: undefined as Failure, tunnel: undefined as Failure };

  /** The join token's own are kept by it. */
  function change(changes: Partial<KeptEndpoints>): void {
    current = { ...current, ...changes };
    if (current.version === 0) return;
    try {
      file.write(current);
      notices.fine('data-path', 'endpoints can be kept again');
    } catch (error) {
      const words = 'what the control plane said of its addresses and certificate cannot be kept and holds until this agent stops; let it write to DATA_PATH';
      notices.trouble('data-path', 'data-path-unwritable', words, { path: file.path, detail: wordsOf(error) });
    }
  }

  function setFailure(part: 'api' | 'tunnel', failure: Failure): boolean {
    const before = failures[part];
    failures = { ...failures, [part]: failure };
    return before?.address !== failure?.address || before?.reason !== failure?.reason;
  }

  return {
    fingerprints: () => current.fingerprints,
    apiUrl: () => current.apiUrl,
    otherApiUrls(isLong) {
      const worked = isLong ? [...current.workedApiUrls, token.apiUrl] : current.workedApiUrls.slice(0, 1);
      return [...new Set(worked)].filter((url) => url !== current.apiUrl);
    },
    tunnelAddresses(told) {
      const { tunnelAddress, workedTunnelAddress } = current;
      const known = [workedTunnelAddress, tunnelAddress, token.tunnelAddress].map((text) => (text === null ? undefined : parseHostPort(text)));
      const all = [told, ...known].filter((one) => one !== undefined);
      return all.filter((one, index) => all.findIndex(({ host, port }) => host === one.host && port === one.port) === index);
    },
    accept(signed) {
      try {
        const { version, apiUrl, tunnelAddress, fingerprints } = verifyEndpoints(signed, { environmentId: token.environmentId, fingerprints: current.fingerprints, version: current.version, nonce });
        const workedApiUrls = current.workedApiUrls.length > 0 ? current.workedApiUrls : [current.apiUrl];
        const workedTunnelAddress = current.workedTunnelAddress ?? current.tunnelAddress;
        change({ version, apiUrl, tunnelAddress, fingerprints, workedApiUrls, workedTunnelAddress });
        failures = { api: undefined, tunnel: undefined };
        logger.info({ apiUrl, tunnelAddress, fingerprints: fingerprints.map((one) => Buffer.from(one).toString('base64')) }, 'the control plane named its addresses and certificates');
        notices.fine('endpoints', 'what the control plane says of its addresses is believed again');
        return true;
      } catch (error) {
        if (!(error instanceof EndpointsError)) throw error;
        const words = "what came with an answer as the control plane's new addresses is not believed, and nothing is changed; where this goes on, copy the join token again";
        notices.trouble('endpoints', error.code, words, { detail: error.message });
        return false;
      }
    },
    apiWorked(apiUrl) {
      if (current.workedApiUrls[0] === apiUrl) return;
      change({ workedApiUrls: [apiUrl, ...current.workedApiUrls.filter((url) => url !== apiUrl)].slice(0, WORKED_REMEMBERED) });
    },
    tunnelWorked(address) {
      if (current.workedTunnelAddress !== address) change({ workedTunnelAddress: address });
    },
    apiFailed: (failure) => setFailure('api', failure),
    tunnelFailed: (failure) => setFailure('tunnel', failure),
    callBegins() {
      nonce = randomBytes(ENDPOINTS_NONCE_BYTES);
    },
    inUse() {
      const { api, tunnel } = failures;
      const failure = api !== undefined ? { ...api, isTunnel: false } : tunnel !== undefined ? { ...tunnel, isTunnel: true } : undefined;
      return { version: current.version, fingerprints: [...current.fingerprints], failure, nonce };
    },
  };
}

/** What holds before anything was told. Throws {@link AgentOptionsError} for a token that can't be used. */
export function endpointsOfToken({ apiUrl, tunnelAddress, tunnelFingerprint }: JoinToken): KeptEndpoints {
  const fingerprint = parseFingerprint(tunnelFingerprint);
  if (fingerprint === undefined || parseHostPort(tunnelAddress) === undefined) throw new AgentOptionsError('malformed-token', 'the join token (EDGE_KEY) is broken');
  return { version: 0, apiUrl, tunnelAddress, fingerprints: [fingerprint], workedApiUrls: [], workedTunnelAddress: null };
}

function readKept(file: EndpointsFile, notices: Notices): KeptEndpoints | undefined {
  try {
    return file.read();
  } catch (error) {
    const words = "the addresses kept in DATA_PATH cannot be read; the join token's hold until the control plane says otherwise";
    notices.trouble('data-path', 'data-path-unreadable', words, { path: file.path, detail: wordsOf(error) });
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
