/** Pulling an image, as the engine tells how far it is: one line of JSON for each step of each layer. */
import { ApiError } from '../../api/api-error.ts';
import { withVisibleControlsIn } from '../../api/visible-controls.ts';
import { callDocker } from '../../api/docker.ts';

/** How far one layer is. */
export interface LayerProgress {
  readonly id: string;
  readonly status: string;
  /** Bytes; null where the engine does not say. */
  readonly current: number | null;
  readonly total: number | null;
}

/** How far the image is. */
export interface PullProgress {
  readonly layers: readonly LayerProgress[];
  /** What it said last of the whole. */
  readonly status: string;
}

interface ApiProgress {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Images have some hundred layers at most, and a step is told in a few hundred bytes; an engine may say more, as much as it likes. */
const MOST_LAYERS = 1_000;
const LONGEST_STEP = 64 * 1024;

/** The name and the tag or digest it is asked by. Without one it is `latest`: the engine would pull all. */
export function imageAsked(typed: string): { readonly fromImage: string; readonly tag?: string } {
  const name = typed.trim();
  if (name.includes('@')) return { fromImage: name };
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? { fromImage: name.slice(0, colon), tag: name.slice(colon + 1) } : { fromImage: name, tag: 'latest' };
}

/** Resolves when it is there. Throws ApiError with the engine's words. */
export async function pullImage(environmentId: string, node: string | undefined, typed: string, signal: AbortSignal, onProgress: (progress: PullProgress) => void): Promise<void> {
  const response = await callDocker(environmentId, '/images/create', { method: 'POST', node: node ?? null, query: { ...imageAsked(typed) }, signal });
  const layers = new Map<string, LayerProgress>();
  let status = '';
  let begun = '';
  const reader = (response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>()).pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (begun + piece.value).split('\n');
    begun = lines.pop() ?? '';
    if (begun.length > LONGEST_STEP) {
      await reader.cancel();
      throw new ApiError('answer-too-large', response.status, 'The engine does not tell how far it is in lines that a page can take.');
    }
    for (const line of lines) {
      if (line.trim() === '') continue;
      const said = withVisibleControlsIn(JSON.parse(line) as ApiProgress);
      if (said.error !== undefined) throw new ApiError('engine-refused', 500, said.error);
      if (said.id !== undefined && said.progressDetail !== undefined && (layers.has(said.id) || layers.size < MOST_LAYERS)) layers.set(said.id, { id: said.id, status: said.status ?? '', current: said.progressDetail.current ?? null, total: said.progressDetail.total ?? null });
      else status = said.status ?? status;
    }
    onProgress({ layers: [...layers.values()], status });
  }
}
