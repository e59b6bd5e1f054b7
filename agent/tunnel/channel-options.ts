/** What the tunnel asks of grpc-js. */
import type { ChannelOptions } from '@grpc/grpc-js';
import { connectOnceOptions } from '../connection/connect-once.ts';
import { KEEP_ALIVE_MS, KEEP_ALIVE_TIMEOUT_MS, MAX_MESSAGE_BYTES, STREAM_WINDOW_BYTES } from '../../proto/tunnel-flow.ts';

export const tunnelChannelOptions: ChannelOptions = {
  // Of each stream, and of the connection until the tunnel is open: grpc-js has one option for both.
  'grpc-node.flow_control_window': STREAM_WINDOW_BYTES,
  'grpc.keepalive_time_ms': KEEP_ALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEP_ALIVE_TIMEOUT_MS,
  'grpc.keepalive_permit_without_calls': 1,
  // A tunnel is a connection of its own.
  'grpc.use_local_subchannel_pool': 1,
  // No buffering for retries: a write calls back when it has gone to the network, which is what bounds bytes in flight.
  'grpc.enable_retries': 0,
  'grpc.retry_buffer_size': 0,
  'grpc.per_rpc_retry_buffer_size': 0,
  'grpc.enable_channelz': 0,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.service_config_disable_resolution': 1,
  ...connectOnceOptions,
};
