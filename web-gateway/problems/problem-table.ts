/** Every error code the gateway answers with: its status and title. docs/errors.md explains each; a test holds the two together. */
import type { ApplicationErrorCode } from '../../services/application/ports/application-error.ts';
import type { AgentDeliveryErrorCode } from '../../services/agent-delivery/port.ts';
import type { TunnelErrorCode } from '../../services/tunnels/port.ts';

/** What the gateway itself refuses. */
export type GatewayErrorCode =
  | 'unauthenticated'
  | 'forbidden'
  | 'csrf-header-required'
  | 'origin-not-allowed'
  | 'session-ended'
  | 'access-ended'
  | 'operation-denied'
  | 'no-session'
  | 'openid-connect-off'
  | 'openid-connect-failed'
  | 'openid-connect-unavailable'
  | 'not-found'
  | 'method-not-allowed'
  | 'invalid-request'
  | 'malformed-json'
  | 'malformed-request'
  | 'invalid-path'
  | 'invalid-node'
  | 'invalid-cursor'
  | 'invalid-instant'
  | 'idempotency-key-reused'
  | 'snapshot-not-found'
  | 'invalid-position'
  | 'not-yet-applied'
  | 'projections-unavailable'
  | 'unsupported-media-type'
  | 'upgrade-required'
  | 'too-many-streams'
  | 'container-not-found'
  | 'engine-refused'
  | 'body-too-large'
  | 'length-required'
  | 'range-not-satisfiable'
  | 'too-many-downloads'
  | 'too-many-exports'
  | 'headers-too-large'
  | 'request-timeout'
  | 'expectation-failed'
  | 'transfer-coding-not-supported'
  | 'ca-certificate-not-found'
  | 'not-ready'
  | 'shutting-down'
  | 'engine-closed'
  | 'engine-protocol-error'
  | 'internal-error';

export type ErrorCode = ApplicationErrorCode | TunnelErrorCode | AgentDeliveryErrorCode | GatewayErrorCode;

export interface ProblemKind {
  /** The HTTP status. */
  readonly status: number;
  /** The same for every occurrence. */
  readonly title: string;
  /** Sent as Retry-After where the error itself names no time, in seconds. */
  readonly retryAfterSeconds?: number;
}

export const problemTable: Readonly<Record<ErrorCode, ProblemKind>> = {
  // Of the use cases
  'environment-not-found': { status: 404, title: 'No such environment' },
  'edge-id-not-barred': { status: 404, title: 'That Edge ID is not barred' },
  'environment-removed': { status: 410, title: 'The environment was removed' },
  'node-not-found': { status: 404, title: 'No such Swarm node' },
  'name-taken': { status: 409, title: 'Another environment has that name' },
  'invalid-name': { status: 400, title: 'The name is not valid' },
  'invalid-address': { status: 400, title: 'The address is not valid' },
  'unknown-event-type': { status: 400, title: 'There is no such event type' },
  'loopback-address': { status: 400, title: 'The address is a loopback address' },
  'invalid-tags': { status: 400, title: 'The tags are not valid' },
  'invalid-poll-interval': { status: 400, title: 'The poll interval is not valid' },
  'invalid-settings': { status: 400, title: 'The settings are not valid' },
  'tunnel-timeout': { status: 504, title: 'The tunnel did not open in time', retryAfterSeconds: 5 },
  'agent-not-polling': { status: 503, title: 'The agent is not polling', retryAfterSeconds: 10 },
  'tunnel-disconnected': { status: 503, title: 'The environment was disconnected', retryAfterSeconds: 1 },
  'wrong-credentials': { status: 401, title: 'Wrong username or password' },
  'too-many-attempts': { status: 429, title: 'Too many attempts', retryAfterSeconds: 30 },
  'api-key-not-found': { status: 404, title: 'No such API key' },
  'too-many-api-keys': { status: 409, title: 'There are too many API keys already' },
  'role-not-allowed': { status: 403, title: 'Your role does not go so far' },
  'read-only-access': { status: 403, title: 'Your grant is to read only' },
  'session-not-found': { status: 404, title: 'No such session' },
  'user-not-found': { status: 404, title: 'No such user' },
  'username-taken': { status: 409, title: 'Another user has that name' },
  'too-many-users': { status: 409, title: 'There are too many users already' },
  'last-admin': { status: 409, title: 'There must be an admin' },
  'invalid-username': { status: 400, title: 'The username is not valid' },
  'invalid-grants': { status: 400, title: 'The grants are not valid' },
  'weak-password': { status: 400, title: 'The password is too weak' },
  'no-password-here': { status: 409, title: 'The user has no password here' },
  'sign-in-not-allowed': { status: 403, title: 'You have no role here' },
  'current-password-wrong': { status: 403, title: 'The current password is not right' },
  'invalid-expiry': { status: 400, title: 'The expiry is not valid' },
  'event-store-unavailable': { status: 503, title: 'The event store can not record', retryAfterSeconds: 5 },
  'checkpoints-not-kept': { status: 404, title: 'The event store has no chain to sign' },
  'precondition-failed': { status: 412, title: 'It was changed meanwhile' },
  conflict: { status: 409, title: 'Somebody else changed the same at the same time' },
  // Of the tunnels
  'tunnel-not-open': { status: 502, title: 'The tunnel is not open', retryAfterSeconds: 1 },
  'tunnel-lost': { status: 502, title: 'The tunnel was lost', retryAfterSeconds: 1 },
  'dial-failed': { status: 502, title: 'The agent could not connect to its engine' },
  'dial-timeout': { status: 504, title: 'The agent did not connect to its engine in time', retryAfterSeconds: 5 },
  'too-many-channels': { status: 503, title: 'Too many connections through this tunnel', retryAfterSeconds: 1 },
  'channel-stalled': { status: 503, title: 'The connection held too many bytes that nobody read', retryAfterSeconds: 1 },
  'channel-reset': { status: 502, title: 'The engine reset the connection' },
  // Of the agent’s delivery
  'agent-platform-not-served': { status: 404, title: 'There is no agent for that platform' },
  'agent-image-unavailable': { status: 500, title: 'The agent can not be made' },
  // Of the gateway
  unauthenticated: { status: 401, title: 'Not signed in' },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  'csrf-header-required': { status: 403, title: 'The header X-Homeport-CSRF is missing' },
  'origin-not-allowed': { status: 403, title: 'The request comes from another origin' },
  'session-ended': { status: 401, title: 'The session or API key has ended' },
  'access-ended': { status: 403, title: 'Access to the environment has ended' },
  'operation-denied': { status: 403, title: 'Your role is denied this operation' },
  'openid-connect-off': { status: 404, title: 'OpenID Connect is not set up' },
  'openid-connect-failed': { status: 400, title: 'The sign-in did not work' },
  'openid-connect-unavailable': { status: 503, title: 'The OpenID provider does not answer', retryAfterSeconds: 10 },
  'no-session': { status: 400, title: 'Not signed in by a session' },
  'not-found': { status: 404, title: 'Nothing is here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'malformed-request': { status: 400, title: 'The request is not HTTP/1.1' },
  'invalid-path': { status: 400, title: 'The path is not valid' },
  'invalid-node': { status: 400, title: 'The Swarm node is not valid' },
  'snapshot-not-found': { status: 404, title: 'There is no snapshot yet' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'invalid-cursor': { status: 400, title: 'The cursor is not valid' },
  'invalid-instant': { status: 400, title: 'The instant is not valid' },
  'invalid-position': { status: 400, title: 'The position is not valid' },
  'not-yet-applied': { status: 503, title: 'The read models have not come that far yet', retryAfterSeconds: 1 },
  'projections-unavailable': { status: 503, title: 'The read models can not answer', retryAfterSeconds: 5 },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  'upgrade-required': { status: 426, title: 'This is a WebSocket' },
  'too-many-streams': { status: 503, title: 'Too many streams at once', retryAfterSeconds: 5 },
  'container-not-found': { status: 404, title: 'The engine has no such container' },
  'engine-refused': { status: 409, title: 'The engine refused it' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'length-required': { status: 411, title: 'The body needs a Content-Length' },
  'range-not-satisfiable': { status: 416, title: 'The file has no such range' },
  'too-many-exports': { status: 503, title: 'Too many exports at once', retryAfterSeconds: 30 },
  'too-many-downloads': { status: 503, title: 'Too many downloads at once', retryAfterSeconds: 5 },
  'headers-too-large': { status: 431, title: 'The header fields are too large' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'expectation-failed': { status: 417, title: 'The expectation is not supported' },
  'transfer-coding-not-supported': { status: 501, title: 'The transfer coding is not supported' },
  'ca-certificate-not-found': { status: 404, title: 'There is no installation CA' },
  'not-ready': { status: 503, title: 'The server is not ready', retryAfterSeconds: 2 },
  'shutting-down': { status: 503, title: 'The server is shutting down', retryAfterSeconds: 5 },
  'engine-closed': { status: 502, title: 'The engine closed the connection without an answer' },
  'engine-protocol-error': { status: 502, title: 'The engine answered with something that is not HTTP' },
  'internal-error': { status: 500, title: 'Something went wrong in the server' },
};

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(problemTable, code);
}
