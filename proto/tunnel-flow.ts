/** The sizes and times of a tunnel's flow control that both ends agree on. */

/** Bytes of a channel's largest data message: large enough to be cheap, small enough that a keystroke beside it doesn't wait. */
export const MAX_DATA_BYTES = 256 * 1024;

/** Bytes of the largest message either end takes: data with its framing, and every message of an Open call. */
export const MAX_MESSAGE_BYTES = MAX_DATA_BYTES + 1024;

/** HTTP/2 window of each stream, in bytes: what one channel may have under way, so 200 MB/s at a round trip of 20 ms. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;

/** HTTP/2 window of a connection, in bytes, where it can be set apart from the streams'. */
export const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;

/** Both ends ping a silent connection after so long. */
export const KEEP_ALIVE_MS = 12_000;

/** A ping unanswered for so long ends the connection. */
export const KEEP_ALIVE_TIMEOUT_MS = 16_000;

/** How often both ends tell each other which channels are alive. */
export const RECONCILE_MS = 60_000;

/** Bytes of a dial's token. */
export const TOKEN_BYTES = 16;
