/** One line of log, and one measurement, for each proxied call that is over. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { AdmittedCall } from './admission.ts';
import type { CallRecord } from './call-record.ts';

/** How a call went. */
export interface LoggedEnd {
  /** Sent to the client; null where it was gone before. */
  readonly status: number | null;
  /** A stable code; null where all went well. */
  readonly failure: string | null;
  readonly bytes: CallRecord['bytes'] | undefined;
}

/** One call. */
export interface CallLogEntry {
  /** It is known who asks for what. */
  admitted(call: AdmittedCall, context: CommandContext): void;
  ended(end: LoggedEnd): void;
}

export interface CallLog {
  begin(requestId: string, req: IncomingMessage): CallLogEntry;
}

/** What is logged of a path is what is recorded of it: its query may hold secrets. */
export function createCallLog({ logger, metrics }: { readonly logger: Logger; readonly metrics: Pick<GatewayMetrics, 'dockerCallEnded'> }): CallLog {
  return {
    begin(requestId, { method }) {
      const begunAtMs = performance.now();
      let admitted: { readonly call: AdmittedCall; readonly context: CommandContext } | undefined;
      return {
        admitted(call, context) {
          admitted = { call, context };
        },
        ended({ status, failure, bytes }) {
          const durationMs = performance.now() - begunAtMs;
          const { call, context } = admitted ?? {};
          const isStream = call?.route.stream !== undefined || call?.route.endless === true;
          metrics.dockerCallEnded({ kind: isStream ? 'stream' : 'call', outcome: failure ?? 'answered', durationMs });
          logger.info(
            {
              requestId,
              correlationId: context?.correlationId ?? requestId,
              method,
              environmentId: call?.environmentId,
              path: call?.recordedPath,
              status,
              failure: failure ?? undefined,
              durationMs: Math.round(durationMs),
              bytesSent: bytes?.sent,
              bytesReceived: bytes?.received,
              actor: context?.actor,
            },
            'docker call',
          );
        },
      };
    },
  };
}
