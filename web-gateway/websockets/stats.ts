/** A container's figures, as its engine tells them about every second, shown by a WebSocket. */
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';

/** One sample has a few KB. */
const LONGEST_LINE = 256 * 1024;

export async function runStats(session: ContainerSession): Promise<void> {
  const { engine, container, signal, outflow } = session;
  const { stream, whyCut } = await engine.read({ method: 'GET', path: `/containers/${container}/stats?stream=1`, signal });
  session.tell({ type: 'ready' });
  session.inbox.listen(() => undefined);
  let isWelcome = true;
  outflow.onDrain(() => (isWelcome = true));
  let begun = '';
  try {
    for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = `${begun}${chunk}`.split('\n');
      begun = lines.pop() ?? '';
      if (begun.length > LONGEST_LINE) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: a line of it is too long.');
      // Of several that came at once the last one counts; a client that can't take it is shown a later one.
      const latest = lines.findLast((line) => line.trim() !== '');
      if (latest !== undefined && isWelcome) isWelcome = outflow.write(JSON.stringify({ type: 'stats', stats: parse(latest) }));
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : whyCut(error instanceof Error ? error : undefined);
  }
  session.end({ type: 'end' }, 'ended');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: its figures are no JSON.', { cause: error });
  }
}
