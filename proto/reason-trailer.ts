/** Where a refused call carries its stable reason code. */

/** The gRPC trailer that holds one of the reasons of docs/protocol.md, beside a status that only says how to treat it. */
export const REASON_TRAILER = 'homeport-reason';
