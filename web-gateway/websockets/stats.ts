/** A container's figures, as its engine tells them about every second, shown by a WebSocket. */
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';
import { createJsonLines } from './json-lines.ts';

export async function runStats(session: ContainerSession): Promise<void> {
  const { engine, container, signal, outflow } = session;
  const { stream, whyCut } = await engine.read({ method: 'GET', path: `/containers/${container}/stats?stream=1`, signal });
  session.tell({ type: 'ready' });
  session.inbox.listen(() => undefined);
  let isWelcome = true;
  outflow.onDrain(() => (isWelcome = true));
  const lines = createJsonLines('its figures are');
  try {
    for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
      // Of several that came at once the last one counts; a client that can't take it is shown a later one.
      const latest = lines.take(chunk).at(-1);
      if (latest !== undefined && isWelcome) isWelcome = outflow.write(JSON.stringify({ type: 'stats', stats: latest }));
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : whyCut(error instanceof Error ? error : undefined);
  }
  session.end({ type: 'end' }, 'ended');
}
