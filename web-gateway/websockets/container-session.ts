/** One WebSocket to an engine or to a container of it, from its opening to its close: what all kinds of them share. */
import type { WebSocket } from 'ws';
import { ClientGone } from '../docker-proxy/client-exchange.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import { closeWithError, ENDED } from './close-codes.ts';
import type { EngineCaller } from './engine-caller.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createOutflow, type Outflow } from './outflow.ts';

export interface EngineSession {
  readonly engine: EngineCaller;
  /** Aborts when the client has gone, or lost the right to be here; and by {@link EngineSession.end}. */
  readonly signal: AbortSignal;
  readonly inbox: Inbox;
  readonly outflow: Outflow;
  readonly limits: GatewayLimits;
  /** Reads no messages of the client until `resume`: what it sends waits with it. */
  pause(): void;
  resume(): void;
  /** Sends a control message. */
  tell(message: object): void;
  /** Says a last word, closes the socket and breaks off what the engine still says. */
  end(message: object, reason: string): void;
  fail(error: unknown): void;
}

export interface ContainerSession extends EngineSession {
  /** An id or a name, as it is written in paths. */
  readonly container: string;
}

/**
 * Runs until the socket closes; what `run` throws closes it with that error.
 * @param revoked aborts where who opened it may not go on
 */
export function serveEngine(
  socket: WebSocket,
  { engine, revoked, limits, onUnexpected }: { readonly engine: EngineCaller; readonly revoked: AbortSignal; readonly limits: GatewayLimits; readonly onUnexpected: (error: unknown) => void },
  run: (session: EngineSession) => Promise<void>,
): void {
  const aborter = new AbortController();
  const fail = (error: unknown): void => {
    closeWithError(socket, error);
    aborter.abort(error);
  };
  const isRevoked = (): void => fail(revoked.reason);
  const session: EngineSession = {
    engine,
    signal: aborter.signal,
    inbox: createInbox(socket, fail),
    outflow: createOutflow(socket, limits.webSocketBytes),
    limits,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    tell(message) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    },
    end(message, reason) {
      session.tell(message);
      socket.close(ENDED, reason);
      aborter.abort(new ClientGone());
    },
    fail,
  };
  socket.once('close', () => {
    revoked.removeEventListener('abort', isRevoked);
    aborter.abort(new ClientGone());
  });
  revoked.addEventListener('abort', isRevoked, { once: true });
  if (revoked.aborted) return isRevoked();
  run(session).catch((error: unknown) => {
    if (aborter.signal.aborted) return;
    fail(error);
    onUnexpected(error);
  });
}
