/** What went through the live tunnels since this process started, as plain numbers that the channels count and others read. */

/** Each number only grows, but for `channels`. */
export interface TunnelTraffic {
  /** Channels open now. */
  channels: number;
  channelsOpened: number;
  /** Dials that came to nothing, whatever the cause. */
  dialsFailed: number;
  /** Bytes of channels, without what carries them: to agents, and from them. */
  bytesSent: number;
  bytesReceived: number;
}

/** Creates it, all at 0. */
export function createTunnelTraffic(): TunnelTraffic {
  return { channels: 0, channelsOpened: 0, dialsFailed: 0, bytesSent: 0, bytesReceived: 0 };
}
