/** A gRPC client of the API's port whose connection stands. */
import { connectivityState, Metadata } from '@grpc/grpc-js';
import type { HostPort } from '../../proto/host-port.ts';
import { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { ConnectFailure, connectFailureFrom } from './connect-failure.ts';
import { connectOnceOptions } from './connect-once.ts';
import { withDeadline } from './deadline.ts';
import { grpcRoute } from './proxy.ts';
import type { Proxy } from './proxy.ts';
import { shakeHands, sniOf } from './tls-handshake.ts';
import type { Trust } from './trust.ts';

const CONNECT_MS = 20_000;
/** A call on a connection that failed fails at once. */
const REFUSED_MS = 1000;

/**
 * Connects, so that what is sent next travels on a live connection. Close the client after use.
 * Throws {@link ConnectFailure}, or the signal's reason.
 */
export async function connectApi(target: HostPort, proxy: Proxy | undefined, trust: Trust, signal: AbortSignal): Promise<PollServiceClient> {
  const { address, channelOptions } = grpcRoute(target, proxy);
  const client = new PollServiceClient(`dns:${address}`, trust.credentials, {
    ...channelOptions,
    // The name for SNI alone: whom to trust is decided by the credentials.
    'grpc.ssl_target_name_override': sniOf(target),
    'grpc.use_local_subchannel_pool': 1,
    'grpc.service_config_disable_resolution': 1,
    ...connectOnceOptions,
    'grpc.enable_retries': 0,
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': 256 * 1024,
  });
  const deadline = withDeadline(signal, CONNECT_MS, () => new ConnectFailure('connection-timeout'));
  try {
    if (await isReady(client, deadline.signal)) return client;
    if (proxy === undefined && (await saysRefused(client))) throw new ConnectFailure('connection-refused', `nothing listens at ${address}`);
    // gRPC tells failures apart in words alone: a handshake of our own says which it is.
    await shakeHands(target, proxy, trust.acceptance, deadline.signal);
    throw new ConnectFailure('connection-broken');
  } catch (error) {
    client.close();
    signal.throwIfAborted();
    throw connectFailureFrom(error);
  } finally {
    deadline.clear();
  }
}

/**
 * Whether nothing listens there, as gRPC passes the system's word on in its own. A whole fleet meets that at once while its control plane
 * is started anew: a second look would double what comes. Nothing is sent where there is no connection.
 */
function saysRefused(client: PollServiceClient): Promise<boolean> {
  return new Promise((resolve) => {
    client.getBinding({ nonce: new Uint8Array(), fingerprints: [] }, new Metadata(), { deadline: Date.now() + REFUSED_MS }, (error) => resolve(error?.details.includes('ECONNREFUSED') === true));
  });
}

/** Connects once: true when the connection stands, false when it failed. Throws the signal's reason. */
function isReady(client: PollServiceClient, signal: AbortSignal): Promise<boolean> {
  const channel = client.getChannel();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const settle = (ready: boolean): void => {
      signal.removeEventListener('abort', abort);
      resolve(ready);
    };
    const look = (): void => {
      if (signal.aborted) return;
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) settle(true);
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) settle(false);
      else channel.watchConnectivityState(state, Infinity, look);
    };
    look();
  });
}
