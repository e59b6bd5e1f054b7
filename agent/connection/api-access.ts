/** How the agent comes by a connection to the API that it may trust with its token. */
import { randomBytes } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { BINDING_NONCE_BYTES, verifyBinding } from '../../proto/binding.ts';
import { certificateSpkiSha256, spkiSha256 } from '../../proto/fingerprint.ts';
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { connectApi } from './api-client.ts';
import type { ConnectionProofs } from './connection-proofs.ts';
import { ConnectFailure, connectFailureFrom, isCertificateFailure } from './connect-failure.ts';
import { withDeadline } from './deadline.ts';
import type { Proxy } from './proxy.ts';
import { requestBinding } from './request-binding.ts';
import { shakeHands } from './tls-handshake.ts';
import { trustAuthorities, trustExactly } from './trust.ts';
import type { Trust } from './trust.ts';

const FETCH_MS = 20_000;

/** Connects to the API so that token and Edge ID may be sent. Throws `ConnectFailure`, or the signal's reason. */
export type ApiAccess = (signal: AbortSignal) => Promise<PollServiceClient>;

/** By authorities: `caPem` (EDGE_CA_FILE), or the system's where it is undefined. */
export function accessByAuthorities(target: HostPort, proxy: Proxy | undefined, caPem: string | undefined): ApiAccess {
  const trust = trustAuthorities(target, caPem);
  return (signal) => connectApi(target, proxy, trust, signal);
}

/**
 * By binding (EDGE_INSECURE_POLL): whatever certificate is shown is trusted, and trusted alone, once a tunnel identity that
 * the agent accepts has signed for it. Until then nothing but a random nonce and the accepted fingerprints is sent. A
 * certificate that was proven is trusted by later connections too; one that shows another needs a new proof first, and so does
 * any once other fingerprints are accepted (`fingerprints` gives another array then). `proofs` is told by which key it was.
 */
export function accessByBinding(target: HostPort, proxy: Proxy | undefined, fingerprints: () => readonly Uint8Array[], proofs?: ConnectionProofs): ApiAccess {
  let proven: { readonly trust: Trust; readonly by: readonly Uint8Array[]; readonly signer: Uint8Array } | undefined;

  return async (signal) => {
    const accepted = fingerprints();
    if (proven?.by === accepted) {
      try {
        const { trust, signer } = proven;
        const client = await connectApi(target, proxy, trust, signal);
        proofs?.proven(client, signer);
        return client;
      } catch (error) {
        if (!(error instanceof ConnectFailure && isCertificateFailure(error))) throw error;
        proven = undefined;
      }
    }
    const certificate = await fetchCertificate(target, proxy, signal);
    const trust = trustExactly(certificate);
    const client = await connectExactly(target, proxy, trust, signal);
    try {
      const signer = await prove(client, certificate, accepted);
      proofs?.proven(client, signer);
      proven = { trust, by: accepted, signer };
      return client;
    } catch (error) {
      client.close();
      throw connectFailureFrom(error);
    }
  };
}

async function fetchCertificate(target: HostPort, proxy: Proxy | undefined, signal: AbortSignal): Promise<X509Certificate> {
  const deadline = withDeadline(signal, FETCH_MS, () => new ConnectFailure('connection-timeout'));
  try {
    return await shakeHands(target, proxy, { anyCertificate: true }, deadline.signal);
  } finally {
    deadline.clear();
  }
}

/** Among certificates fetched a moment ago only another one, or the clock, can be the trouble. */
async function connectExactly(target: HostPort, proxy: Proxy | undefined, trust: Trust, signal: AbortSignal): Promise<PollServiceClient> {
  try {
    return await connectApi(target, proxy, trust, signal);
  } catch (error) {
    const isOther = error instanceof ConnectFailure && error.code === 'certificate-untrusted';
    throw isOther ? new ConnectFailure('certificate-changed', error.detail, error) : error;
  }
}

/** Returns the fingerprint of the key that signed. */
async function prove(client: PollServiceClient, certificate: X509Certificate, fingerprints: readonly Uint8Array[]): Promise<Uint8Array> {
  const nonce = randomBytes(BINDING_NONCE_BYTES);
  const answer = await requestBinding(client, nonce, fingerprints);
  verifyBinding(answer, { fingerprints, nonce, spkiSha256: certificateSpkiSha256(certificate), nowMs: Date.now() });
  return spkiSha256(answer.tunnelPublicKey);
}
