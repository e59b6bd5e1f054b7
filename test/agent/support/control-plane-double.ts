/** A control plane of polls alone: real TLS and gRPC, and answers that the test decides. */
import type { KeyObject } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { signBinding } from '../../../proto/binding.ts';
import { CHECK_HEADER } from '../../../proto/check-header.ts';
import { signEndpoints } from '../../../proto/endpoints.ts';
import { PollServiceService } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import type { GetBindingResponse, PollRequest, PollResponse, PollServiceServer, SignedEndpoints, SignedSuccession } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import { encodeJoinToken } from '../../../proto/join-token.ts';
import { REASON_TRAILER } from '../../../proto/reason-trailer.ts';
import { createSelfSignedCertificate } from '../../../services/control-plane/tls/self-signed-certificate.ts';
import type { SelfSignedCertificate } from '../../../services/control-plane/tls/self-signed-certificate.ts';
import { loadTunnelIdentity } from '../../../services/control-plane/tls/tunnel-identity.ts';
import type { TunnelIdentity } from '../../../services/control-plane/tls/tunnel-identity.ts';
import { createArrivals } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';

export type PollServerCall = grpc.ServerDuplexStream<PollRequest, PollResponse>;

export interface ReceivedPoll {
  readonly request: PollRequest;
  /** Which call it came on, counted from 1. */
  readonly callNumber: number;
  readonly call: PollServerCall;
}

export interface ControlPlaneDouble {
  readonly port: number;
  readonly certificate: SelfSignedCertificate;
  readonly identity: TunnelIdentity;
  readonly joinSecret: Uint8Array;
  readonly polls: Arrivals<ReceivedPoll>;
  /** What every poll is answered with; undefined leaves it unanswered. */
  answer: (poll: ReceivedPoll) => Partial<PollResponse> | undefined;
  /** The reason an agent is refused with that asks whether it would be let in; undefined lets it. */
  check: () => string | undefined;
  /** What GetBinding answers to a nonce. */
  bind: (nonce: Uint8Array) => GetBindingResponse;
  /** Endpoints of this environment, signed by its tunnel key, for the call of the last hello. */
  endpoints(parts: { readonly version: number; readonly apiPort?: number; readonly tunnelPort?: number; readonly fingerprints?: readonly Uint8Array[]; readonly nonce?: Uint8Array; readonly signedAtMs?: number; readonly successions?: readonly SignedSuccession[] }, key?: KeyObject): SignedEndpoints;
  /** A join token for it; parts can be replaced. */
  joinToken(parts?: { readonly apiPort?: number; readonly tunnelPort?: number; readonly fingerprint?: string }): string;
  /** Ends all calls and connections, and listens no more. */
  stop(): void;
}

/** Every poll is answered with a short interval, so that tests are quick. */
export const QUICK: Partial<PollResponse> = { pollIntervalMs: 20 };

export const ENVIRONMENT_ID = 'e7x2';

/** Starts it on a port of 127.0.0.1 (a free one), with its keys and certificates in a folder. */
export async function startControlPlane(dataDir: string, port = 0): Promise<ControlPlaneDouble> {
  const identity = await loadTunnelIdentity(dataDir);
  const certificate = await createSelfSignedCertificate({ dataDir, names: ['localhost', '127.0.0.1'] });
  certificate.stop();
  const polls = createArrivals<ReceivedPoll>();
  let calls = 0;
  let lastNonce: Uint8Array = new Uint8Array();

  const bind = (nonce: Uint8Array): GetBindingResponse =>
    signBinding({ spkiSha256: certificate.current().spkiSha256, expiresAtMs: Date.now() + 60_000, nonce }, identity.key);

  const service: PollServiceServer = {
    poll(call: PollServerCall) {
      call.on('error', () => undefined);
      if (call.metadata.get(CHECK_HEADER)[0] === '1') {
        call.resume();
        const refusal = double.check();
        if (refusal === undefined) call.on('end', () => call.end());
        else refuse(call, grpc.status.NOT_FOUND, refusal, 'in the test');
        return;
      }
      const callNumber = ++calls;
      call.on('data', (request: PollRequest) => {
        lastNonce = request.hello?.endpoints?.nonce ?? lastNonce;
        const poll = { request, callNumber, call };
        polls.add(poll);
        const answer = double.answer(poll);
        if (answer !== undefined) call.write(pollResponse(answer));
      });
      call.on('end', () => call.end());
    },
    getBinding: (call, respond) => respond(null, double.bind(call.request.nonce)),
    recordSnapshot: (call, respond) => {
      call.resume();
      call.on('end', () => respond(null, { unchanged: false }));
      call.on('error', () => undefined);
    },
  };

  const server = new grpc.Server();
  server.addService(PollServiceService, service);
  const { certificatePem, keyPem } = certificate.current();
  const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(certificatePem), private_key: Buffer.from(keyPem) }]);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, actual) => (error === null ? resolve(actual) : reject(error))),
  );
  const joinSecret = Buffer.alloc(32, 5);

  const double: ControlPlaneDouble = {
    port: bound,
    certificate,
    identity,
    joinSecret,
    polls,
    answer: () => QUICK,
    check: () => undefined,
    bind,
    endpoints: ({ version, apiPort = bound, tunnelPort = 8000, fingerprints = [Buffer.from(identity.fingerprint, 'base64')], nonce = lastNonce, signedAtMs = Date.now(), successions = [] }, key = identity.key) =>
      signEndpoints(
        { environmentId: ENVIRONMENT_ID, version, apiUrl: `https://127.0.0.1:${apiPort}`, tunnelAddress: `127.0.0.1:${tunnelPort}`, fingerprints: [...fingerprints], nonce, signedAtMs },
        key,
        successions,
      ),
    joinToken: ({ apiPort = bound, tunnelPort = 8000, fingerprint = identity.fingerprint } = {}) =>
      encodeJoinToken({
        apiUrl: `https://127.0.0.1:${apiPort}`,
        tunnelAddress: `127.0.0.1:${tunnelPort}`,
        tunnelFingerprint: fingerprint,
        environmentId: ENVIRONMENT_ID,
        joinSecret,
      }),
    stop: () => server.forceShutdown(),
  };
  return double;
}

/** An answer with its other fields filled in. */
export function pollResponse(answer: Partial<PollResponse>): PollResponse {
  return { confirmedSequence: 0, pollIntervalMs: 60_000, reconnectSpreadMs: 0, minProtocolVersion: 1, required: [], takeSnapshot: false, keepSecretsInSnapshots: false, endpoints: undefined, ...answer };
}

/** Ends a call as a control plane refuses an agent. */
export function refuse(call: PollServerCall, code: grpc.status, reason: string, details: string): void {
  const metadata = new grpc.Metadata();
  metadata.set(REASON_TRAILER, reason);
  call.emit('error', { code, details, metadata });
}
