/** Bounds of the gateway, with what they are by default. */
export interface GatewayLimits {
  /** From a connection's start, or the end of the idle time after a request, to the end of the next request's header. */
  readonly headerDeadlineMs: number;
  /** How long a connection may idle between two requests. */
  readonly keepAliveMs: number;
  /**
   * How long a plain request lives on after its client half-closed the connection, unless bytes flow to the client
   * meanwhile: most clients that do so have gone, a few still read.
   */
  readonly halfCloseGraceMs: number;
  /** A request's header, in bytes. X-Registry-Config with many registries is large. */
  readonly headerBytes: number;
  /** An engine's response header, in bytes. */
  readonly engineHeaderBytes: number;
  /** A REST request's body, in bytes. Proxied bodies have no bound. */
  readonly bodyBytes: number;
  /** How long a REST request's body may take to arrive. Proxied bodies may take for ever. */
  readonly bodyDeadlineMs: number;
  /** Requests that may be in flight at once on one connection (pipelined). */
  readonly pipelinedRequests: number;
  /** How long a proxied call waits for its tunnel. */
  readonly tunnelWaitMs: number;
  /** How long a channel to an engine is kept for the next call. */
  readonly idleChannelMs: number;
  /** Channels kept for the next call, for each tunnel. */
  readonly idleChannels: number;
  /** Downloads of the agent's image that may run at once, in all; over it an address with many gives one up to an address with fewer. */
  readonly downloads: number;
  /** Of these, to one address (IPv6: one /64). */
  readonly downloadsOfOne: number;
  /** A download of which nothing is read for so long is ended; it can go on where it was, but for an export. */
  readonly downloadStallMs: number;
  /** Exports of the record that may run at once, in all: each has a thread of its own. */
  readonly exports: number;
  /** Of these, of one user, so that a slow reader leaves room for others. */
  readonly exportsOfOne: number;
  /** Streams of events at once, followed or not, in all; and of one user: each reads the record for itself. */
  readonly eventStreams: number;
  readonly eventStreamsOfOne: number;
  /** How long the rest of a request's body is read and thrown away after its answer. */
  readonly drainMs: number;
  /** How long a raw stream lives on without any input moving after the engine ended its side; up to twice that. */
  readonly rawLingerMs: number;
  /** Live clients at once, in all; over it a user with many gives one up to a user with fewer. */
  readonly liveClients: number;
  /** Of these, of one user. */
  readonly liveClientsOfOne: number;
  /** The time between two writes to a live client. */
  readonly liveSpacingMs: number;
  /** A live client that there is nothing to tell hears so much as often. */
  readonly liveHeartbeatMs: number;
  /** A live client that takes nothing is cut off after so long. */
  readonly liveStallMs: number;
  /** Bytes on their way to a WebSocket; over it nothing more is read of what it shows. */
  readonly webSocketBytes: number;
  /** A message from a WebSocket, in bytes. */
  readonly webSocketMessageBytes: number;
  /** A WebSocket is pinged as often, and cut off where it shows no sign of life until the next ping but one. */
  readonly webSocketPingMs: number;
  /** How long a WebSocket of exec may take to say what is to be run. */
  readonly webSocketStartMs: number;
  /** WebSockets to containers at once, in all; and of one user. */
  readonly containerSockets: number;
  readonly containerSocketsOfOne: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  headerDeadlineMs: 15_000,
  keepAliveMs: 65_000,
  halfCloseGraceMs: 800,
  headerBytes: 64 * 1024,
  engineHeaderBytes: 64 * 1024,
  bodyBytes: 128 * 1024,
  bodyDeadlineMs: 30_000,
  pipelinedRequests: 16,
  tunnelWaitMs: 30_000,
  idleChannelMs: 15_000,
  idleChannels: 8,
  downloads: 64,
  downloadsOfOne: 16,
  downloadStallMs: 60_000,
  exports: 4,
  exportsOfOne: 2,
  eventStreams: 512,
  eventStreamsOfOne: 64,
  drainMs: 2_000,
  rawLingerMs: 10_000,
  liveClients: 4_096,
  liveClientsOfOne: 2_048,
  liveSpacingMs: 250,
  liveHeartbeatMs: 15_000,
  liveStallMs: 60_000,
  webSocketBytes: 256 * 1024,
  webSocketMessageBytes: 1024 * 1024,
  webSocketPingMs: 30_000,
  webSocketStartMs: 10_000,
  containerSockets: 1_024,
  containerSocketsOfOne: 256,
};
