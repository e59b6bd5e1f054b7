/** Opens a tunnel to the control plane and serves its dials until it ends. */
import type { ClientHttp2Session } from 'node:http2';
import type { ClientDuplexStream, ChannelCredentials, ChannelOptions, ServiceError } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import {
  TunnelServiceClient,
  type OpenRequest,
  type OpenResponse,
  type Welcome,
} from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { CONNECTION_WINDOW_BYTES, RECONCILE_MS } from '../../proto/tunnel-flow.ts';
import { watchCallSession } from './call-session.ts';
import { createAgentChannels } from './channels.ts';
import { tunnelChannelOptions } from './channel-options.ts';
import { systemTunnelClock, type TunnelClock } from './clock.ts';
import type { DialTarget } from './dial-target.ts';
import { createIdleWatch } from './idle-watch.ts';
import { TunnelFailure } from './tunnel-failure.ts';

/** The control plane must welcome the agent within so long. */
const WELCOME_MS = 15_000;
/** What is to be done before an idle close, the last snapshot, may take so long. */
const BEFORE_IDLE_CLOSE_MS = 20_000;
/** After a goodbye the control plane ends the call, or it is cut off after so long. */
const LEAVE_MS = 3_000;

export interface TunnelOptions {
  /** host:port, an IPv6 host in brackets. */
  readonly address: string;
  /** Those that trust the pinned certificate alone. */
  readonly credentials: ChannelCredentials;
  /** More for grpc-js, such as the name that the certificate bears. */
  readonly channelOptions?: ChannelOptions;
  readonly hello: {
    readonly environmentId: string;
    readonly credentialsId: string;
    readonly secret: Uint8Array;
    readonly instanceId: string;
  };
  readonly dialTarget: DialTarget;
  /** Wins over the control plane's. */
  readonly inactivityMs?: number;
  /** Before an idle close: the last snapshot. 20 s at most; what it throws is logged. */
  readonly beforeIdleClose?: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  /** Ends the opening, or the tunnel (agent-stopped). */
  readonly signal: AbortSignal;
  readonly clock?: TunnelClock;
}

/** What ended a tunnel: `connection-lost`, `idle`, `agent-stopped` or another that `close` was given, or a drain's reason. */
export type TunnelEnd = { readonly reason: string };

export interface OpenTunnel {
  readonly credentialsId: string;
  /** Resolves when nothing of it is left. Never rejects. */
  readonly ended: Promise<TunnelEnd>;
  /** Says goodbye and ends all channels. */
  close(reason: string): void;
}

/** Resolves when the control plane welcomes the agent. Throws {@link TunnelFailure}. */
export async function openTunnel(options: TunnelOptions): Promise<OpenTunnel> {
  const { address, credentials, hello, signal, clock = systemTunnelClock } = options;
  if (signal.aborted) throw new TunnelFailure('stopped', 'The agent is stopping.');
  const client = new TunnelServiceClient(`dns:${address}`, credentials, { ...tunnelChannelOptions, ...options.channelOptions });
  const watch = watchCallSession();
  const call = client.open(watch.metadata);
  call.write({ message: { $case: 'hello', value: { ...hello } } });
  try {
    const welcome = await welcomed(call, signal, clock);
    const { session } = watch;
    if (session === undefined) throw new Error('The HTTP/2 session of a call of @grpc/grpc-js could not be found.');
    if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    return serveTunnel(options, client, call, session, welcome, clock);
  } catch (error) {
    call.cancel();
    client.close();
    throw error;
  } finally {
    watch.stop();
  }
}

function welcomed(call: ClientDuplexStream<OpenRequest, OpenResponse>, signal: AbortSignal, clock: TunnelClock): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stopDeadline();
      signal.removeEventListener('abort', abort);
      call.removeAllListeners();
      // What comes after a failure is of no interest; a stream without a listener for errors would throw them.
      call.on('error', () => undefined);
      call.pause();
      act();
    };
    const fail = (failure: TunnelFailure): void => settle(() => reject(failure));
    const abort = (): void => fail(new TunnelFailure('stopped', 'The agent is stopping.'));
    const stopDeadline = clock.after(WELCOME_MS, () => fail(new TunnelFailure('open-timeout', 'The control plane did not answer in time.')));
    signal.addEventListener('abort', abort);
    call.on('error', (error: ServiceError) => fail(failureOf(error)));
    call.on('end', () => fail(new TunnelFailure('protocol-error', 'The control plane ended the call without a welcome.')));
    call.on('data', ({ message }: OpenResponse) => {
      if (message?.$case === 'welcome') settle(() => resolve(message.value));
      else fail(new TunnelFailure('protocol-error', 'The first message was no welcome.'));
    });
  });
}

function failureOf(error: ServiceError): TunnelFailure {
  const [reason] = error.metadata.get(REASON_TRAILER);
  return new TunnelFailure(typeof reason === 'string' ? reason : 'unreachable', error.details, error);
}

/**
 * ```
 *   open ── unused for inactivityMs → asks → yes → snapshot → goodbye(idle) → over
 *     ├──── drain → channels end → goodbye(its reason) → over
 *     ├──── close → goodbye(agent-stopped …) → over
 *     └──── call broke → over (connection-lost)
 * ```
 */
function serveTunnel(
  options: TunnelOptions,
  client: TunnelServiceClient,
  call: ClientDuplexStream<OpenRequest, OpenResponse>,
  session: ClientHttp2Session,
  welcome: Welcome,
  clock: TunnelClock,
): OpenTunnel {
  const { logger, signal } = options;
  const { promise: ended, resolve: setEnded } = Promise.withResolvers<TunnelEnd>();
  let leavingFor: string | undefined;
  let drainReason: string | undefined;
  let isOver = false;

  const idle = createIdleWatch(clock, options.inactivityMs ?? welcome.inactivityMs, (idleMs) => {
    send({ $case: 'idle', value: { idleMs } });
  });
  const channels = createAgentChannels({
    session,
    dialTarget: options.dialTarget,
    clock,
    logger,
    used: idle.used,
    ended: leaveIfDrained,
  });
  const stopReconciling = clock.every(RECONCILE_MS, () => {
    send({ $case: 'liveChannels', value: { channelIds: channels.ids().map((id) => Buffer.from(id, 'hex')) } });
  });

  function send(message: NonNullable<OpenRequest['message']>): void {
    if (!isOver && leavingFor === undefined) call.write({ message });
  }

  function leave(reason: string): void {
    if (leavingFor !== undefined || isOver) return;
    channels.abortAll();
    send({ $case: 'goodbye', value: { reason } });
    leavingFor = reason;
    call.end();
    const stop = clock.after(LEAVE_MS, () => call.cancel());
    void ended.then(stop);
  }

  function leaveIfDrained(): void {
    if (drainReason !== undefined && channels.size === 0) leave(drainReason);
  }

  async function closeIdle(): Promise<void> {
    const { beforeIdleClose } = options;
    try {
      await beforeIdleClose?.(AbortSignal.any([signal, AbortSignal.timeout(BEFORE_IDLE_CLOSE_MS)]));
    } catch (error) {
      logger.warn({ err: error }, 'could not do what comes before an idle close');
    }
    leave('idle');
  }

  function over(): void {
    if (isOver) return;
    isOver = true;
    idle.stop();
    stopReconciling();
    signal.removeEventListener('abort', stop);
    channels.abortAll();
    client.close();
    setEnded({ reason: leavingFor ?? drainReason ?? 'connection-lost' });
  }

  function received({ message }: OpenResponse): void {
    switch (message?.$case) {
      case 'dial':
        void dial(message.value.token, message.value.target);
        break;
      case 'idleAnswer':
        if (message.value.close) void closeIdle();
        else idle.restart();
        break;
      case 'liveChannels':
        channels.reconcile(message.value.channelIds.map((id) => Buffer.from(id).toString('hex')));
        break;
      case 'drain':
        drainReason = message.value.reason;
        leaveIfDrained();
        break;
      case 'welcome':
      case undefined:
        break;
    }
  }

  async function dial(token: Uint8Array, target: string): Promise<void> {
    const failure = await channels.dial(token, target);
    if (failure !== undefined) {
      logger.warn({ reason: failure.reason, detail: failure.message }, 'could not connect to the target of a dial');
      send({ $case: 'dialFailed', value: { token, reason: failure.reason, detail: failure.message } });
    }
    leaveIfDrained();
  }

  const stop = (): void => leave('agent-stopped');
  signal.addEventListener('abort', stop);
  call.on('data', received);
  call.on('error', over);
  call.on('end', over);
  call.resume();
  if (signal.aborted) stop();

  return { credentialsId: options.hello.credentialsId, ended, close: leave };
}
