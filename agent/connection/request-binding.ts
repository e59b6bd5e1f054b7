/** Asks the API for its binding. */
import { Metadata } from '@grpc/grpc-js';
import type { GetBindingResponse, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { ConnectFailure } from './connect-failure.ts';

const BINDING_MS = 10_000;

/** Sends a nonce and the tunnel fingerprints the agent accepts, and nothing else. What comes is not checked here. Throws {@link ConnectFailure} binding-unavailable. */
export function requestBinding(client: PollServiceClient, nonce: Uint8Array, fingerprints: readonly Uint8Array[]): Promise<GetBindingResponse> {
  return new Promise((resolve, reject) => {
    client.getBinding({ nonce, fingerprints: [...fingerprints] }, new Metadata(), { deadline: Date.now() + BINDING_MS }, (error, value) => {
      if (error === null) resolve(value);
      else reject(new ConnectFailure('binding-unavailable', error.details, error));
    });
  });
}
