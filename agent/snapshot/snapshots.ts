/** Takes snapshots when they are asked for, one at a time, and brings them to the control plane. */
import type { Logger } from 'pino';
import type { AgentHello, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { SNAPSHOT_CALL_MS } from '../../proto/snapshot-limits.ts';
import { bringSnapshot } from './bring-snapshot.ts';
import { type SnapshotTiming, takeSnapshot } from './take-snapshot.ts';

export interface AgentSnapshots {
  /** What a poll's answer says: whether one is wanted now, and whether secrets may stay in it. */
  answered(wish: { readonly takeSnapshot: boolean; readonly keepSecretsInSnapshots: boolean }): void;
  /** Takes and brings one; of two at the same time there is one. Resolves when it is recorded, or 20 s have gone: what fails is logged. */
  take(signal: AbortSignal): Promise<void>;
  stop(): void;
}

/** Creates them. `client` is the live connection, undefined while there is none. */
export function createAgentSnapshots(options: {
  readonly socketPath: string;
  readonly client: () => PollServiceClient | undefined;
  readonly hello: () => AgentHello;
  readonly logger: Logger;
  readonly timing?: SnapshotTiming;
}): AgentSnapshots {
  const { socketPath, client, hello, logger, timing } = options;
  const stopping = new AbortController();
  let keepsSecrets = false;
  let underWay: Promise<void> | undefined;

  async function takeAndBring(): Promise<void> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(SNAPSHOT_CALL_MS)]);
    try {
      const snapshot = await takeSnapshot({ socketPath, keepsSecrets, signal, ...(timing === undefined ? {} : { timing }) });
      const connection = client();
      if (connection === undefined) return logger.warn('a snapshot was not brought: the control plane is not connected');
      const { unchanged } = await bringSnapshot(connection, hello(), snapshot, signal);
      logger.info({ unchanged, ...(snapshot.failure === '' ? {} : { failure: snapshot.failure }) }, 'snapshot recorded');
    } catch (error) {
      if (stopping.signal.aborted) return;
      logger.warn({ detail: error instanceof Error ? error.message : String(error) }, 'a snapshot could not be brought; the control plane asks again');
    }
  }

  function start(): Promise<void> {
    underWay ??= takeAndBring().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  return {
    answered({ takeSnapshot: isWanted, keepSecretsInSnapshots }) {
      keepsSecrets = keepSecretsInSnapshots;
      if (isWanted && !stopping.signal.aborted) void start();
    },
    take(signal) {
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        void start().then(resolve);
      });
    },
    stop: () => stopping.abort(),
  };
}
