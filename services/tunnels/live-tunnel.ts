/** One live tunnel: the conversation on its Open call, its dials and its channels. */
import { randomBytes } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { channelId } from '../../proto/channel-id.ts';
import type { OpenRequest, OpenResponse } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { RECONCILE_MS, TOKEN_BYTES } from '../../proto/tunnel-flow.ts';
import type { Clock } from '../application/clock.ts';
import type { OpenedTunnel, TunnelGate } from '../application/ports/tunnel-gate.ts';
import type { DisconnectReason, TunnelLossReason } from '../domain/events.ts';
import { acceptCall } from './accept-call.ts';
import { createChannelTable } from './channel-table.ts';
import { ChannelStream } from './channel-stream.ts';
import type { RawCall } from './grpc-server.ts';
import { TunnelError } from './port.ts';
import type { StallBound } from './stall-bound.ts';
import type { TunnelTraffic } from './traffic.ts';

/** A dial's token is good for so long, and so is the wait for it. */
export const DIAL_MS = 10_000;
/** After an allowed idle close the agent has so long to send its last snapshot and take its leave. */
const LEAVE_MS = 25_000;
/** A session whose tunnel has ended in order is closed by its agent, or after so long here. */
const LINGER_MS = 5_000;

export type DrainReason = DisconnectReason | 'agent-reports-none' | 'replaced' | 'control-plane-stopping';

export interface LiveTunnelDeps {
  readonly raw: RawCall;
  readonly opened: OpenedTunnel;
  readonly gate: Pick<TunnelGate, 'lost' | 'mayClose' | 'closed'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stalls: StallBound;
  readonly traffic: TunnelTraffic;
  readonly maxChannels: () => number;
  /** Whether something holds the tunnel, and when it was last used. */
  readonly use: () => { readonly lastUsedAtMs: number; readonly inUse: boolean };
  readonly touched: () => void;
  /** It must not be dialled any more. May be called again. */
  readonly closing: () => void;
}

export interface LiveTunnel {
  readonly opened: OpenedTunnel;
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>;
  welcome(): void;
  dial(signal: AbortSignal | undefined): Promise<Duplex>;
  /** Redeems a dial's token, once: whoever dialled gets the channel. Undefined where the token is not good here and now. */
  redeem(token: Uint8Array, stream: ServerHttp2Stream): ChannelStream | undefined;
  received(request: OpenRequest): void;
  /** The agent ended the call, or the connection is gone. */
  callEnded(): void;
  /** Tells the agent to leave and ends the channels; at once, or once they are done, `graceMs` at most. */
  drain(reason: DrainReason, graceMs: number): Promise<void>;
}

/**
 * ```
 *   live ── idle, and the gate says yes → leaving ── goodbye → gone
 *     ├──── drain → leaving
 *     └──── goodbye (agent-stopped), call or connection gone → lost → gone
 * ```
 * A dial waits while the gate decides on an idle close, so that none falls between the decision and its answer.
 */
export function createLiveTunnel(deps: LiveTunnelDeps): LiveTunnel {
  const { raw, opened, gate, clock, logger, stalls, traffic } = deps;
  const { promise: gone, resolve: setGone } = Promise.withResolvers<undefined>();
  const table = createChannelTable();
  const dials = new Map<string, { readonly settle: (result: Duplex | TunnelError) => void }>();
  let question: Promise<boolean> | undefined;
  /** How it will have ended, where that is decided already: as idle, or recorded by others. */
  let leaving: 'idle' | 'recorded' | TunnelLossReason | undefined;
  let ended = false;

  const stopReconciling = clock.every(RECONCILE_MS, () => {
    send({ $case: 'liveChannels', value: { channelIds: table.ids().map((id) => Buffer.from(id, 'hex')) } });
  });

  function send(message: NonNullable<OpenResponse['message']>): void {
    const response: OpenResponse = { message };
    raw.call.sendMessage(response, () => undefined);
  }

  function leave(how: NonNullable<typeof leaving>): void {
    leaving ??= how;
    deps.closing();
    failDials('The tunnel is closing.');
  }

  function failDials(message: string): void {
    for (const { settle } of [...dials.values()]) settle(new TunnelError('tunnel-lost', message));
  }

  /** The end of everything. `how` counts where nothing was decided before. */
  function end(how: TunnelLossReason): void {
    if (ended) return;
    ended = true;
    stopReconciling();
    deps.closing();
    failDials('The tunnel was lost.');
    table.destroyAll(new TunnelError('tunnel-lost', 'The tunnel was lost.'));
    const outcome = leaving ?? how;
    const recorded = outcome === 'recorded' ? undefined : outcome === 'idle' ? gate.closed(opened) : gate.lost(opened, outcome);
    const settle = (): void => void Promise.resolve(recorded).then(() => setGone(undefined));
    raw.call.sendStatus({ code: status.OK, details: '' });
    if (raw.session.destroyed) {
      settle();
    } else {
      const stopLingering = clock.after(LINGER_MS, () => raw.session.destroy());
      raw.session.once('close', () => {
        stopLingering();
        settle();
      });
      raw.session.close();
    }
  }

  async function askGate(agentIdleMs: number): Promise<boolean> {
    try {
      return await gate.mayClose(opened, { ...deps.use(), agentIdleMs });
    } catch (error) {
      logger.error({ err: error }, 'could not decide on an idle close');
      return false;
    }
  }

  async function answerIdle(agentIdleMs: number): Promise<void> {
    if (question !== undefined || leaving !== undefined) return;
    question = askGate(agentIdleMs);
    const close = await question;
    question = undefined;
    if (ended) {
      return;
    }
    if (close) {
      leave('idle');
      cutOffAfter(LEAVE_MS);
    }
    send({ $case: 'idleAnswer', value: { close } });
  }

  function cutOffAfter(delayMs: number): void {
    const stop = clock.after(delayMs, () => raw.session.destroy());
    raw.session.once('close', stop);
  }

  async function dial(signal: AbortSignal | undefined): Promise<Duplex> {
    signal?.throwIfAborted();
    if (question !== undefined) await question;
    if (leaving !== undefined || ended) throw new TunnelError('tunnel-not-open', 'The tunnel is closing.');
    if (table.size + dials.size >= Math.min(opened.maxChannels, deps.maxChannels())) {
      throw new TunnelError('too-many-channels', `The tunnel has ${table.size + dials.size} channels, which is as many as it may have.`);
    }
    signal?.throwIfAborted();
    deps.touched();
    const token = randomBytes(TOKEN_BYTES);
    const key = token.toString('hex');
    return new Promise((resolve, reject) => {
      const settle = (result: Duplex | Error): void => {
        dials.delete(key);
        stopDeadline();
        signal?.removeEventListener('abort', abort);
        if (!(result instanceof Error)) return resolve(result);
        if (result instanceof TunnelError) traffic.dialsFailed += 1;
        reject(result);
      };
      const abort = (): void => settle(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      const stopDeadline = clock.after(DIAL_MS, () => {
        settle(new TunnelError('dial-timeout', `The agent opened no channel within ${DIAL_MS / 1000} s.`));
      });
      signal?.addEventListener('abort', abort);
      dials.set(key, { settle });
      send({ $case: 'dial', value: { token, target: '' } });
    });
  }

  return {
    opened,
    gone,
    dial,
    welcome() {
      send({ $case: 'welcome', value: { inactivityMs: opened.inactivityMs, maxChannels: opened.maxChannels } });
    },
    redeem(token, stream) {
      const pending = dials.get(Buffer.from(token).toString('hex'));
      if (pending === undefined) return undefined;
      const id = channelId(token);
      acceptCall(stream);
      const channel = new ChannelStream({
        stream,
        clock,
        traffic,
        used: deps.touched,
        unread: () => stalls.watch(),
        closed() {
          traffic.channels -= 1;
          table.remove(id);
          stalls.remove(channel);
          deps.touched();
        },
      });
      table.add(id, channel);
      traffic.channels += 1;
      traffic.channelsOpened += 1;
      stalls.add(channel);
      pending.settle(channel);
      return channel;
    },
    received({ message }) {
      switch (message?.$case) {
        case 'idle':
          void answerIdle(message.value.idleMs);
          break;
        case 'dialFailed': {
          const { token, reason, detail } = message.value;
          const failed = dials.get(Buffer.from(token).toString('hex'));
          failed?.settle(new TunnelError('dial-failed', detail, reason));
          break;
        }
        case 'liveChannels':
          table.reconcile(message.value.channelIds.map((id) => Buffer.from(id).toString('hex')));
          break;
        case 'goodbye':
          end('agent-stopped');
          break;
        case 'hello':
        case undefined:
          break;
      }
    },
    callEnded: () => end('connection-lost'),
    async drain(reason, graceMs) {
      leave(reason === 'control-plane-stopping' ? reason : 'recorded');
      if (ended) return gone;
      send({ $case: 'drain', value: { reason } });
      if (graceMs > 0) await table.whenEmpty(graceMs, clock);
      table.destroyAll(new TunnelError('tunnel-lost', `The tunnel was closed: ${reason}.`));
      cutOffAfter(LINGER_MS);
      return gone;
    },
  };
}
