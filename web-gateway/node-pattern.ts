/** How a Swarm node is named in requests. */

/** A node's id or its host name, as a regular expression's source. */
export const NODE_PATTERN = '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$';
