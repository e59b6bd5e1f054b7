/** The record of calls to engines. */
import type { TunnelKey } from '../../domain/tunnel-key.ts';
import type { CommandContext } from './command-context.ts';

/** One proxied call, as it is recorded. */
export interface RecordedCall {
  readonly key: TunnelKey;
  /** UUID. */
  readonly callId: string;
  readonly method: string;
  /** Canonical, without query except listed parameters. */
  readonly path: string;
}

export interface CallOutcome {
  readonly status: number | null;
  readonly failure: string | null;
  readonly durationMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface Activity {
  /** Durably recorded when it resolves. Throws event-store-unavailable in audit mode strict; resolves in mode available. */
  callStarted(call: RecordedCall, context: CommandContext): Promise<void>;
  /** Buffered to a bound; never throws. */
  callProxied(call: RecordedCall, outcome: CallOutcome, context: CommandContext): void;
  streamOpened(call: RecordedCall, kind: string, context: CommandContext): void;
  streamClosed(
    call: RecordedCall,
    kind: string,
    outcome: { readonly reason: string; readonly durationMs: number; readonly bytesSent: number; readonly bytesReceived: number },
    context: CommandContext,
  ): void;
}
