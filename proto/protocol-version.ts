/** The version of the protocol that this release speaks. */

/**
 * Sent in each agent's hello. Raised when a message changes its meaning; new optional fields don't raise it. A control
 * plane serves down to its `min_protocol_version` and is upgraded before its agents.
 */
export const PROTOCOL_VERSION = 1;
