/** Asks the control plane whether it would let an agent in, without polling. */
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { CHECK_HEADER } from '../../proto/check-header.ts';
import type { AgentHello, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { ConnectFailure } from '../connection/connect-failure.ts';

/** Thrown where the control plane refuses the agent. */
export class AdmissionRefused extends Error {
  override readonly name = 'AdmissionRefused';
  /** A reason of docs/protocol.md. */
  readonly reason: string;

  /** `details` are the control plane's words. */
  constructor(reason: string, details: string, cause?: unknown) {
    super(details, { cause });
    this.reason = reason;
  }
}

/** Resolves where it would. Throws {@link AdmissionRefused}, {@link ConnectFailure}, or the signal's reason. */
export async function checkAdmission(client: PollServiceClient, hello: AgentHello, signal: AbortSignal): Promise<void> {
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
  return new AdmissionRefused(reason, error.details, error);
}
