/** What happens on an engine, as it tells it, shown by a WebSocket: for lists that stay as the engine is. */
import { GatewayError } from '../problems/gateway-error.ts';
import type { EngineSession } from './container-session.ts';
import { createJsonLines } from './json-lines.ts';

/** What is asked for; an engine may say others all the same, as many as it likes. */
const TYPES: ReadonlySet<string> = new Set(['container', 'image', 'volume', 'network', 'service', 'node']);
/** They change nothing that is listed; a check of health runs a command every few seconds. */
const QUIET = /^(?:exec_|top$|attach$|detach$|resize$)/;

interface EngineEvent {
  readonly Type?: unknown;
  readonly Action?: unknown;
  readonly Actor?: { readonly ID?: unknown };
}

export async function runEngineEvents(session: EngineSession): Promise<void> {
  const { engine, signal, outflow } = session;
  const filters = encodeURIComponent(JSON.stringify({ type: [...TYPES] }));
  const { stream, whyCut } = await engine.read({ method: 'GET', path: `/events?filters=${filters}`, signal });
  session.tell({ type: 'ready' });
  session.inbox.listen(() => undefined);
  const lines = createJsonLines('its events are');
  let isWelcome = true;
  /** Of each kind what was told last, while the client takes nothing: it asks for the whole list in any case. */
  const held = new Map<string, object>();
  const tell = (kind: string, event: object): void => {
    if (isWelcome) isWelcome = outflow.write(JSON.stringify({ type: 'event', kind, ...event }));
    else held.set(kind, event);
  };
  outflow.onDrain(() => {
    isWelcome = true;
    const waiting = [...held];
    held.clear();
    for (const [kind, event] of waiting) tell(kind, event);
  });
  try {
    for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
      for (const said of lines.take(chunk)) {
        const { Type: kind, Action: action, Actor: actor } = (said ?? {}) as EngineEvent;
        if (typeof kind !== 'string' || !TYPES.has(kind) || typeof action !== 'string' || QUIET.test(action)) continue;
        tell(kind, { action, id: typeof actor?.ID === 'string' ? actor.ID : null });
      }
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : whyCut(error instanceof Error ? error : undefined);
  }
  const cut = whyCut();
  if (cut !== undefined) return session.fail(cut);
  session.end({ type: 'end' }, 'ended');
}
