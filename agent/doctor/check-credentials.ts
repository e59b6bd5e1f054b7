/** Asks the control plane whether it would let an agent in, without polling. */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { CHECK_HEADER } from '../../proto/check-header.ts';
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { releaseVersion } from '../../proto/release.ts';
import { ConnectFailure } from '../connection/connect-failure.ts';
import { refusalAdvice } from '../polls/refusal-advice.ts';
import { DoctorFailure } from './doctor-failure.ts';

export interface Identity {
  readonly environmentId: string;
  readonly joinSecret: Uint8Array;
  readonly edgeId: string;
}

/** Throws {@link DoctorFailure} with the control plane's reason, {@link ConnectFailure}, or the signal's reason. */
export async function checkCredentials(client: PollServiceClient, identity: Identity, signal: AbortSignal): Promise<void> {
  const metadata = new Metadata();
  metadata.set(CHECK_HEADER, '1');
  const call = client.poll(metadata);
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      call.on('data', () => undefined);
      call.on('error', (error: ServiceError) => reject(failureOf(error)));
      call.on('status', ({ code }: { readonly code: status }) => {
        if (code === status.OK) resolve();
      });
      const hello = {
        ...identity,
        instanceId: randomUUID(),
        protocolVersion: PROTOCOL_VERSION,
        version: releaseVersion(),
        node: hostname(),
        platform: '',
        engine: undefined,
        swarm: undefined,
        endpoints: undefined,
      };
      call.end({ hello, sequence: 0, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: undefined });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function failureOf(error: ServiceError): Error {
  const [reason] = error.metadata.get(REASON_TRAILER);
  if (typeof reason !== 'string') return new ConnectFailure('connection-broken', error.details, error);
  return new DoctorFailure(reason, refusalAdvice(reason).message, error.details, error);
}
