/** Shows what an engine says, at the pace of the WebSocket that it is shown to. */
import type { Readable } from 'node:stream';
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';
import type { EngineStream } from './engine-caller.ts';
import { createFrameReader } from './frames.ts';

/** The first byte of what is shown of a container without a terminal. */
const LABELS = { stdout: Buffer.from([1]), stderr: Buffer.from([2]) } as const;

/**
 * Resolves when all is said. Rejects with why it broke off.
 * @param isTerminal bytes as they are; else each message begins with a byte that says which stream it is of
 */
export function showOutput(session: Pick<ContainerSession, 'outflow'>, { stream, whyCut }: EngineStream<Readable>, isTerminal: boolean): Promise<undefined> {
  const { outflow } = session;
  const frames = createFrameReader();
  let systemSaid = '';
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();

  function show(chunk: Buffer): boolean {
    if (isTerminal) return outflow.write(chunk);
    let isWelcome = true;
    frames.take(chunk, (of, bytes) => {
      if (of === 'system') systemSaid += bytes.toString().slice(0, 1_000);
      else isWelcome = outflow.write(Buffer.concat([LABELS[of], bytes]));
    });
    return isWelcome;
  }

  outflow.onDrain(() => stream.resume());
  stream.on('data', (chunk: Buffer) => {
    try {
      if (!show(chunk)) stream.pause();
    } catch {
      reject(new GatewayError('engine-protocol-error', 'The engine’s answer was refused: its output is not in frames.'));
    }
  });
  stream.once('end', () => {
    const cut = whyCut();
    if (cut !== undefined) reject(cut);
    else if (systemSaid !== '') reject(new GatewayError('engine-closed', systemSaid));
    else resolve(undefined);
  });
  stream.once('error', (error) => reject(whyCut(error)));
  stream.once('close', () => reject(whyCut() ?? new GatewayError('engine-closed', 'The engine closed the connection in the middle of its output.')));
  return promise;
}
