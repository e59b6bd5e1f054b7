/**
 * Follows a container's logs beside the page, which so stays quick however much is said: it is handed whole batches, and of more lines than
 * can be kept only the last. What breaks off is taken up where it was.
 */
import { endInWords, mayComeBack, pauseMs, type SocketEnd } from '../container/container-socket.ts';
import { createLogLines, type LogLine, type LogLines } from './log-lines.ts';
import { MOST_LINES, type FromLogWorker, type LogState, type ToLogWorker } from './log-messages.ts';

const BATCH_MS = 80;
const HIDDEN_BATCH_MS = 1_000;

let gathered: LogLine[] = [];
let skipped = 0;
let batchMs = BATCH_MS;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Of the last line, and how many lines had just that time: what comes again after a break is left out. */
let lastAt = '';
let failures = 0;

function say(message: FromLogWorker): void {
  postMessage(message);
}

function state(next: LogState): void {
  say({ type: 'state', state: next });
}

function flush(): void {
  timer = undefined;
  if (gathered.length === 0) return;
  const lines = gathered.length > MOST_LINES ? gathered.slice(-MOST_LINES) : gathered;
  say({ type: 'lines', batch: { streams: lines.map(({ stream }) => stream), times: lines.map(({ at }) => at), texts: lines.map(({ text }) => text), skipped: skipped + gathered.length - lines.length } });
  gathered = [];
  skipped = 0;
}

function take(lines: readonly LogLine[], after: string): void {
  for (const line of lines) {
    // The engine is asked from a millisecond on, and says all of it.
    if (after !== '' && line.at !== '' && line.at <= after) continue;
    gathered.push(line);
    if (line.at !== '') lastAt = line.at;
  }
  if (gathered.length > 2 * MOST_LINES) {
    skipped += gathered.length - MOST_LINES;
    gathered = gathered.slice(-MOST_LINES);
  }
  timer ??= setTimeout(flush, batchMs);
}

function follow(url: string, tail: string): void {
  const after = lastAt;
  const asked = new URL(url);
  if (after === '') asked.searchParams.set('tail', tail);
  else {
    asked.searchParams.set('tail', 'all');
    asked.searchParams.set('since', new Date(after).toISOString());
  }
  const socket = new WebSocket(asked);
  socket.binaryType = 'arraybuffer';
  let lines: LogLines | undefined;
  let message: string | undefined;
  let isEnded = false;
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') return take(lines?.take(new Uint8Array(data)) ?? [], after);
    const said = JSON.parse(data) as { readonly type: string; readonly tty?: boolean; readonly message?: string };
    if (said.type === 'ready') {
      failures = 0;
      lines = createLogLines(said.tty === true);
      state({ is: 'following' });
    } else if (said.type === 'end') {
      isEnded = true;
      take(lines?.end() ?? [], after);
    } else if (said.type === 'error') ({ message } = said);
  });
  socket.addEventListener('close', ({ code, reason }) => {
    const end: SocketEnd = { code, reason, message };
    if (isEnded || code === 1000) return state({ is: 'ended' });
    if (!mayComeBack(end)) return state({ is: 'failed', end });
    state({ is: 'reconnecting', why: endInWords(end) });
    setTimeout(() => follow(url, tail), pauseMs(failures));
    failures += 1;
  });
}

addEventListener('message', ({ data }: MessageEvent<ToLogWorker>) => {
  if (data.type === 'hidden') {
    batchMs = data.isHidden ? HIDDEN_BATCH_MS : BATCH_MS;
    return;
  }
  state({ is: 'connecting' });
  follow(data.url, data.tail);
});
