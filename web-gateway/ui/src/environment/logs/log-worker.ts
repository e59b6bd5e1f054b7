/**
 * Follows a container's logs beside the page, which so stays quick however much is said: it is handed whole batches, and of more lines than
 * can be kept only the last. What breaks off is taken up where it was.
 */
import { createAttempts } from '../../api/attempts.ts';
import { endInWords, mayComeBack, type SocketEnd } from '../container/socket-end.ts';
import { createLogLines, lineOf, type LogLines, type RawLine } from './log-lines.ts';
import { MOST_LINES, type FromLogWorker, type LogState, type ToLogWorker } from './log-messages.ts';

/** The fewer there are, the sooner they are shown; a flood is shown now and then. */
const SHORTEST_BATCH_MS = 150;
const LONGEST_BATCH_MS = 400;
const HIDDEN_BATCH_MS = 1_500;

let gathered: RawLine[] = [];
let skipped = 0;
let batchMs = SHORTEST_BATCH_MS;
let isHidden = false;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Of the last line that was shown: what comes again after a break is left out. */
let lastAt = '';
/** The log of a container that is started again and again is another attempt each time. */
const attempts = createAttempts();
let asked: { readonly url: string; readonly tail: string } | undefined;

function say(message: FromLogWorker): void {
  postMessage(message);
}

function state(next: LogState): void {
  say({ type: 'state', state: next });
}

function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  if (gathered.length === 0) return;
  const lines = gathered.slice(-MOST_LINES).map(lineOf);
  batchMs = Math.min(LONGEST_BATCH_MS, Math.max(SHORTEST_BATCH_MS, gathered.length + skipped));
  lastAt = lines.findLast(({ at }) => at !== '')?.at ?? lastAt;
  say({ type: 'lines', batch: { streams: lines.map(({ stream }) => stream), times: lines.map(({ at }) => at), texts: lines.map(({ text }) => text), skipped: skipped + gathered.length - lines.length } });
  gathered = [];
  skipped = 0;
}

function take(lines: readonly RawLine[]): void {
  for (const line of lines) gathered.push(line);
  if (gathered.length > 2 * MOST_LINES) {
    skipped += gathered.length - MOST_LINES;
    gathered = gathered.slice(-MOST_LINES);
  }
  timer ??= setTimeout(flush, isHidden ? HIDDEN_BATCH_MS : batchMs);
}

function follow(url: string, tail: string): void {
  flush();
  let after = lastAt;
  const address = new URL(url);
  if (after === '') address.searchParams.set('tail', tail);
  else {
    address.searchParams.set('tail', 'all');
    address.searchParams.set('since', new Date(after).toISOString());
  }
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  let lines: LogLines | undefined;
  let message: string | undefined;
  let isEnded = false;
  /** The engine is asked from a millisecond on, and says all of it. */
  const fresh = (said: readonly RawLine[]): readonly RawLine[] => {
    if (after === '') return said;
    const first = said.findIndex((line) => lineOf(line).at > after);
    if (first === -1) return [];
    after = '';
    return said.slice(first);
  };
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') return take(fresh(lines?.take(new Uint8Array(data)) ?? []));
    const said = JSON.parse(data) as { readonly type: string; readonly tty?: boolean; readonly message?: string };
    if (said.type === 'ready') {
      attempts.works();
      lines = createLogLines(said.tty === true);
      state({ is: 'following' });
    } else if (said.type === 'end') {
      isEnded = true;
      take(fresh(lines?.end() ?? []));
    } else if (said.type === 'error') ({ message } = said);
  });
  socket.addEventListener('close', ({ code, reason }) => {
    const end: SocketEnd = { code, reason, message };
    flush();
    if (isEnded || code === 1000) return state({ is: 'ended' });
    if (!mayComeBack(end)) return state({ is: 'failed', end });
    state({ is: 'reconnecting', why: endInWords(end) });
    setTimeout(() => follow(url, tail), attempts.nextPauseMs());
  });
}

addEventListener('message', ({ data }: MessageEvent<ToLogWorker>) => {
  if (data.type === 'hidden') {
    ({ isHidden } = data);
    return;
  }
  state({ is: 'connecting' });
  if (data.type === 'follow') {
    asked = data;
    follow(data.url, data.tail);
  } else if (asked !== undefined) {
    const { url, tail } = asked;
    setTimeout(() => follow(url, tail), attempts.nextPauseMs());
  }
});
