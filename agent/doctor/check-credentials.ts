/** Whether the control plane would let this agent in. */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { releaseVersion } from '../../proto/release.ts';
import { AdmissionRefused, checkAdmission } from '../polls/check-admission.ts';
import { refusalAdvice } from '../polls/refusal-advice.ts';
import { DoctorFailure } from './doctor-failure.ts';

export interface Identity {
  readonly environmentId: string;
  readonly joinSecret: Uint8Array;
  readonly edgeId: string;
}

/** Throws {@link DoctorFailure} with the control plane's reason, `ConnectFailure`, or the signal's reason. */
export async function checkCredentials(client: PollServiceClient, identity: Identity, signal: AbortSignal): Promise<void> {
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
  try {
    await checkAdmission(client, hello, signal);
  } catch (error) {
    if (error instanceof AdmissionRefused) throw new DoctorFailure(error.reason, refusalAdvice(error.reason).message, error.message, error);
    throw error;
  }
}
