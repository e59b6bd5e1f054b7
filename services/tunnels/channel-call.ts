/**
 * The Channel call as the control plane answers it, on the HTTP/2 stream itself: a dial's token first, good once and on its
 * tunnel's session only, then the channel's bytes.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { countBufferGarbage } from '../../proto/buffer-garbage.ts';
import { createChannelReader, type IncomingChannelMessage } from '../../proto/channel-codec.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import type { Clock } from '../application/clock.ts';
import { GRPC_HEADERS } from './accept-call.ts';
import type { ChannelStream } from './channel-stream.ts';
import { DIAL_MS, type LiveTunnel } from './live-tunnel.ts';

/** @param tunnel the live tunnel whose Open is on the same HTTP/2 session */
export function serveChannel(stream: ServerHttp2Stream, tunnel: LiveTunnel | undefined, clock: Clock): void {
  let channel: ChannelStream | undefined;
  const stopDeadline = clock.after(DIAL_MS, () => refuse('The channel brought no token in time.'));

  function refuse(details: string): void {
    stopDeadline();
    if (stream.headersSent || stream.destroyed) return;
    const refusal = { 'grpc-status': status.PERMISSION_DENIED, 'grpc-message': encodeURI(details), [REASON_TRAILER]: 'token-refused' };
    stream.respond({ ...GRPC_HEADERS, ...refusal }, { endStream: true });
    stream.close(constants.NGHTTP2_NO_ERROR);
  }

  function redeem(message: IncomingChannelMessage): void {
    channel = message.kind === 'token' ? tunnel?.redeem(message.token, stream) : undefined;
    if (channel === undefined) refuse('The token is not good: unknown, used, too late, or of another tunnel.');
    else stopDeadline();
  }

  const read = createChannelReader(
    (message) => {
      if (channel !== undefined) channel.received(message);
      else if (!stream.headersSent) redeem(message);
    },
    (length) => Buffer.allocUnsafe(length),
  );

  // Each error comes with a 'close'.
  stream.on('error', () => undefined);
  stream.once('close', () => {
    stopDeadline();
    // Node may keep a stream for ever whose connection broke in the midst of a write (nodejs/node issues 55804 and 58252): the channel need not be kept with it.
    stream.removeAllListeners('data').removeAllListeners('end');
    channel = undefined;
  });
  if (tunnel === undefined) {
    refuse('A channel must be on the HTTP/2 session of its tunnel.');
    return;
  }
  stream.on('data', (piece: Buffer) => {
    countBufferGarbage(piece.length);
    try {
      read(piece);
    } catch {
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    }
  });
  stream.once('end', () => {
    if (channel === undefined) refuse('The channel ended without a token.');
  });
}
