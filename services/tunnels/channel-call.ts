/** The Channel call as the control plane answers it: a dial's token first, good once and on its tunnel's session only. */
import { Metadata, status } from '@grpc/grpc-js';
import type { IncomingChannelMessage } from '../../proto/channel-codec.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import type { Clock } from '../application/clock.ts';
import type { ChannelStream } from './channel-stream.ts';
import type { RawCall, RawCallEvents } from './grpc-server.ts';
import { DIAL_MS, type LiveTunnel } from './live-tunnel.ts';

/** @param tunnel the live tunnel whose Open is on the same HTTP/2 session */
export function serveChannel(raw: RawCall, tunnel: LiveTunnel | undefined, clock: Clock): RawCallEvents<IncomingChannelMessage> {
  const { call } = raw;
  let channel: ChannelStream['events'] | undefined;
  const stopDeadline = clock.after(DIAL_MS, () => refuse('The channel brought no token in time.'));

  function refuse(details: string): void {
    stopDeadline();
    const metadata = new Metadata();
    metadata.set(REASON_TRAILER, 'token-refused');
    call.sendStatus({ code: status.PERMISSION_DENIED, details, metadata });
  }

  return {
    started() {
      if (tunnel === undefined) refuse('A channel must be on the HTTP/2 session of its tunnel.');
      else call.startRead();
    },
    message(message) {
      if (channel !== undefined) {
        channel.message(message);
        return;
      }
      channel = message.kind === 'token' ? tunnel?.redeem(message.token, raw) : undefined;
      if (channel === undefined) refuse('The token is not good: unknown, used, too late, or of another tunnel.');
      else stopDeadline();
    },
    halfClosed() {
      if (channel !== undefined) channel.halfClosed();
      else refuse('The channel ended without a token.');
    },
    closed() {
      stopDeadline();
      channel?.closed();
    },
  };
}
