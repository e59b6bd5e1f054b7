/** Where a refused call carries its stable reason code. */

/** The gRPC trailer that holds one of the reasons of docs/protocol.md, beside a status that only says how to treat it. */
export const REASON_TRAILER = 'homeport-reason';

/** The gRPC trailer that says how long a refused agent should wait before it tries again: milliseconds in decimal; absent where any time will do. */
export const RETRY_AFTER_TRAILER = 'homeport-retry-after-ms';
