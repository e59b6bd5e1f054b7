/** The address that an environment gets where none is given. */

/** The one set for all, or else what the client called: what it calls, agents can mostly call too. `host:port`; empty where neither is known. */
export function offeredAddress(publicAddress: string | undefined, host: string | undefined): string {
  if (publicAddress !== undefined) return publicAddress;
  return host === undefined ? '' : /:\d+$/.test(host) ? host : `${host}:443`;
}
