/** What a Node process holds, asked through the inspector it was started with (`--inspect=127.0.0.1:0` in NODE_OPTIONS). */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import type { RunningProcess } from '../../../support/child-process.ts';

/** What is left after a garbage collection, in bytes. */
export interface HeldMemory {
  /** Of the main thread's heap. */
  readonly heapBytes: number;
  /** Of buffers. */
  readonly bufferBytes: number;
}

/** What is left after a garbage collection. */
export interface HeldStreams {
  /** How many there are of streams of each kind, such as TLSSocket and ServerHttp2Stream; those that have ended but are kept by somebody included. */
  readonly streams: Readonly<Record<string, number>>;
  /** Of these, those that have not ended. */
  readonly openStreams: Readonly<Record<string, number>>;
}

export interface InspectedProcess {
  /** Collects garbage first, which takes the process a while. */
  memory(): Promise<HeldMemory>;
  /** The same. */
  streams(): Promise<HeldStreams>;
  /** The sockets it has open, those of its threads included; the inspector's own are not counted. */
  sockets(): number;
  close(): void;
}

export const INSPECTABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

/** Runs in the process, on an array of all that inherits from Duplex; prototypes, which are objects too, do not count. */
const COUNT_STREAMS = `function () {
  const [streams, openStreams] = [{}, {}];
  for (const one of this) {
    if (Object.hasOwn(one, 'constructor')) continue;
    const { name } = one.constructor;
    streams[name] = (streams[name] ?? 0) + 1;
    if (!one.destroyed) openStreams[name] = (openStreams[name] ?? 0) + 1;
  }
  return { streams, openStreams };
}`;

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Attaches to it. Whoever attaches closes. */
export async function inspect(process: RunningProcess): Promise<InspectedProcess> {
  const [, url = ''] = await process.waitFor(/Debugger listening on (ws:\S+)/);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id = 0, result, error } = JSON.parse(String(data)) as Reply;
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error.message));
    waiting.delete(id);
  });
  // A process that died answers nothing more.
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended: ${process.stderr().slice(-4000)}`));
  });

  function ask<Result>(method: string, params: object = {}): Promise<Result> {
    calls += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(calls, answer);
    socket.send(JSON.stringify({ id: calls, method, params }));
    return answer.promise as Promise<Result>;
  }
  const evaluate = async <Value>(expression: string): Promise<Value> => (await ask<{ result: { value: Value } }>('Runtime.evaluate', { expression, returnByValue: true })).result.value;

  /** Live objects, however they are reached: those nobody has any more are collected first. */
  async function streams(): Promise<HeldStreams> {
    const { result } = await ask<{ result: { objectId: string } }>('Runtime.evaluate', { expression: "process.getBuiltinModule('node:stream').Duplex.prototype", objectGroup: 'streams' });
    const { objects } = await ask<{ objects: { objectId: string } }>('Runtime.queryObjects', { prototypeObjectId: result.objectId, objectGroup: 'streams' });
    const functionDeclaration = COUNT_STREAMS;
    const counted = await ask<{ result: { value: HeldStreams } }>('Runtime.callFunctionOn', { objectId: objects.objectId, functionDeclaration, returnByValue: true });
    await ask('Runtime.releaseObjectGroup', { objectGroup: 'streams' });
    return counted.result.value;
  }

  return {
    streams,
    async memory() {
      // What the first collection lets go of may have held something.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      const { usedSize } = await ask<{ usedSize: number }>('Runtime.getHeapUsage');
      return { heapBytes: usedSize, bufferBytes: await evaluate<number>('process.memoryUsage().arrayBuffers') };
    },
    sockets() {
      const folder = `/proc/${process.pid}/fd`;
      return readdirSync(folder).filter((fd) => isSocket(`${folder}/${fd}`)).length - 2;
    },
    close: () => socket.close(),
  };
}

function isSocket(file: string): boolean {
  try {
    return readlinkSync(file).startsWith('socket:');
  } catch {
    // Closed meanwhile.
    return false;
  }
}
