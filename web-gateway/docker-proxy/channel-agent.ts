/** An http.Agent whose connections are channels of one tunnel. */
import { Agent, type ClientRequest, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ChannelCaller } from './channels.ts';

/** Goes with a request's options, for the channel that is dialled on its behalf. */
export interface CallerOptions extends ClientRequestArgs {
  readonly caller: ChannelCaller;
}

/** What http.Agent asks of a reused socket that a Duplex has no use for. */
interface Referable {
  ref?: () => void;
}

export class ChannelAgent extends Agent {
  declare keepAlive: boolean;
  readonly #dial: (caller: ChannelCaller) => Promise<Duplex>;
  readonly #idleMs: number;
  readonly #onEmpty: () => void;
  readonly #awaken = new WeakMap<Duplex, () => void>();
  #channels = 0;

  constructor({ dial, idleMs, maxIdle, onEmpty }: { readonly dial: (caller: ChannelCaller) => Promise<Duplex>; readonly idleMs: number; readonly maxIdle: number; readonly onEmpty: () => void }) {
    super({ keepAlive: true, maxFreeSockets: maxIdle, scheduling: 'lifo' });
    this.#dial = dial;
    this.#idleMs = idleMs;
    this.#onEmpty = onEmpty;
  }

  override createConnection(options: ClientRequestArgs, callback?: (error: Error | null, channel: Duplex) => void): undefined {
    this.#dial((options as CallerOptions).caller).then(
      (channel) => {
        this.#channels += 1;
        channel.once('close', () => {
          this.#channels -= 1;
          if (this.#channels === 0) this.#onEmpty();
        });
        // Between two requests nobody else listens.
        channel.on('error', () => undefined);
        (channel as Referable).ref ??= () => undefined;
        callback?.(null, channel);
      },
      // With an error there is no channel; the type knows only the other case.
      (error: unknown) => (callback as ((error: unknown) => void) | undefined)?.(error),
    );
  }

  /** Keeps no channel any more: idle ones go at once, the others when their call is done. */
  retire(): void {
    this.keepAlive = false;
    for (const idle of Object.values(this.freeSockets)) for (const channel of [...(idle ?? [])]) channel.destroy();
  }

  /** An engine that says something while it is not asked, or hangs up, is not asked again on that channel. */
  override keepSocketAlive(channel: Duplex): boolean {
    const destroy = (): void => void channel.destroy();
    const timer = setTimeout(destroy, this.#idleMs);
    timer.unref();
    channel.on('data', destroy);
    channel.on('end', destroy);
    const awaken = (): void => {
      clearTimeout(timer);
      channel.removeListener('data', destroy);
      channel.removeListener('end', destroy);
      channel.removeListener('close', awaken);
    };
    channel.on('close', awaken);
    this.#awaken.set(channel, awaken);
    channel.resume();
    return true;
  }

  override reuseSocket(channel: Duplex, request: ClientRequest): void {
    this.#awaken.get(channel)?.();
    super.reuseSocket(channel, request);
  }
}
