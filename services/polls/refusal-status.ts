/** Says refusals in gRPC: a status for programs, the reason in a trailer, words for people. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { REASON_TRAILER, RETRY_AFTER_TRAILER } from '../../proto/reason-trailer.ts';
import { ApplicationError } from '../application/ports/application-error.ts';
import { AgentRefused } from '../application/ports/poll-admission.ts';

const statuses: Readonly<Record<AgentRefused['reason'], status>> = {
  'malformed-token': status.INVALID_ARGUMENT,
  'malformed-edge-id': status.INVALID_ARGUMENT,
  'unknown-environment': status.NOT_FOUND,
  'environment-removed': status.NOT_FOUND,
  'wrong-join-secret': status.UNAUTHENTICATED,
  'token-rotated': status.UNAUTHENTICATED,
  'edge-id-mismatch': status.PERMISSION_DENIED,
  'edge-id-barred': status.PERMISSION_DENIED,
  'duplicate-agent': status.ALREADY_EXISTS,
  'version-too-old': status.FAILED_PRECONDITION,
  'too-many-attempts': status.RESOURCE_EXHAUSTED,
  'too-many-connections': status.RESOURCE_EXHAUSTED,
  'polling-too-fast': status.RESOURCE_EXHAUSTED,
  'event-store-unavailable': status.UNAVAILABLE,
  'control-plane-stopping': status.UNAVAILABLE,
};

/** The status a refused call ends with. */
function refusalStatus(refusal: AgentRefused): Pick<ServiceError, 'code' | 'details' | 'metadata'> {
  const metadata = new Metadata();
  metadata.set(REASON_TRAILER, refusal.reason);
  if (refusal.retryAfterMs !== undefined) metadata.set(RETRY_AFTER_TRAILER, String(refusal.retryAfterMs));
  return { code: statuses[refusal.reason], details: refusal.message, metadata };
}

/** The status for whatever went wrong in a call. What nobody foresaw is logged, and told as `unforeseen`. */
export function failureStatus(error: unknown, { logger, unforeseen }: { readonly logger: Logger; readonly unforeseen: { readonly logged: string; readonly told: string } }): Pick<ServiceError, 'code' | 'details'> {
  if (error instanceof AgentRefused) return refusalStatus(error);
  if (error instanceof ApplicationError && error.code === 'event-store-unavailable') return refusalStatus(new AgentRefused('event-store-unavailable', error.message));
  logger.error({ err: error }, unforeseen.logged);
  return { code: status.INTERNAL, details: unforeseen.told };
}
