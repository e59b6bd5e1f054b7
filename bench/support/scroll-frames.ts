/** How smoothly a page scrolls: the times between frames, by the browser's own tracing and by the page's main thread. */
import type { Browser, Page } from 'playwright-core';
import { quantile } from './statistics.ts';

/** What a frame may take. */
export const FRAME_MS = 20;

export interface FrameTimes {
  readonly frames: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly longestMs: number;
  /** Of all frames, those under {@link FRAME_MS}. */
  readonly shareInTime: number;
}

export interface ScrollFrames {
  /** Between frames that were presented, as the trace has them. */
  readonly presented: FrameTimes;
  /** Between animation frames of the page's main thread, which makes the rows: where it is late, rows come in late. */
  readonly mainThread: FrameTimes;
  /** Tasks of the main thread that took longer than a frame may. */
  readonly longTasks: number;
  /** The processor time that the main thread took for a frame, and for all it did as a share of one core: what others do on the machine does not count. */
  readonly frameCpuMs: { readonly p50: number; readonly p95: number };
  readonly mainThreadCores: number;
  /** How far it was scrolled, in pixels. */
  readonly distance: number;
  readonly trace: Buffer;
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'cc', 'benchmark', 'toplevel'];

/**
 * Scrolls what is under the middle of the page down at an even speed, as a wheel or a finger would, and traces it.
 * @param pixelsASecond how fast.
 */
export async function measureScrolling({ browser, page, at, seconds, pixelsASecond }: { readonly browser: Browser; readonly page: Page; readonly at: { readonly x: number; readonly y: number }; readonly seconds: number; readonly pixelsASecond: number }): Promise<ScrollFrames> {
  const session = await page.context().newCDPSession(page);
  const distance = seconds * pixelsASecond;
  await page.evaluate(WATCH_FRAMES);
  await browser.startTracing(page, { categories: CATEGORIES });
  await session.send('Input.synthesizeScrollGesture', { ...at, yDistance: -distance, speed: pixelsASecond, gestureSourceType: 'mouse', preventFling: true });
  const trace = await browser.stopTracing();
  const animationFrames = await page.evaluate<number[]>(TAKE_FRAMES);
  await session.detach();
  return { ...readTrace(trace), mainThread: frameTimes(animationFrames), distance, trace };
}

/** In the page; as text, since Node's types know no browser. */
const WATCH_FRAMES = `(() => {
  const times = (window.frameTimes = []);
  const next = (time) => { times.push(time); if (window.frameTimes === times) requestAnimationFrame(next); };
  requestAnimationFrame(next);
})()`;
const TAKE_FRAMES = '(() => { const times = window.frameTimes; window.frameTimes = undefined; return times; })()';

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Of the processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly layerTreeId?: number };
}

function readTrace(trace: Buffer): Pick<ScrollFrames, 'presented' | 'longTasks' | 'frameCpuMs' | 'mainThreadCores'> {
  const { traceEvents: events } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const drawn = events.filter(({ name }) => name === 'DrawFrame');
  // Of the page that draws most: the others are the browser's own.
  const byTree = Map.groupBy(drawn, ({ pid, args }) => `${pid} ${args?.layerTreeId ?? ''}`);
  const page = [...byTree.values()].reduce<readonly TraceEvent[]>((most, one) => (one.length > most.length ? one : most), []);
  const threads = new Set(events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const ofPage = page[0]?.pid;
  const mainThread = events.filter(({ ph, pid, tid }) => ph === 'X' && pid === ofPage && threads.has(`${pid} ${tid}`));
  const tasks = mainThread.filter(({ name }) => name === 'RunTask');
  const tookMs = tasks.reduce((end, { ts, dur = 0 }) => Math.max(end, ts + dur), 0) / 1000 - tasks.reduce((begin, { ts }) => Math.min(begin, ts), Number.POSITIVE_INFINITY) / 1000;
  const cpuMs = (of: readonly TraceEvent[]): number[] => of.map(({ tdur = 0 }) => tdur / 1000);
  const frames = cpuMs(mainThread.filter(({ name }) => name === 'ProxyMain::BeginMainFrame'));
  return {
    presented: frameTimes(page.map(({ ts }) => ts / 1000)),
    longTasks: tasks.filter(({ dur = 0 }) => dur > FRAME_MS * 1000).length,
    frameCpuMs: { p50: quantile(frames, 0.5), p95: quantile(frames, 0.95) },
    mainThreadCores: cpuMs(tasks).reduce((sum, one) => sum + one, 0) / tookMs,
  };
}

function frameTimes(atMs: readonly number[]): FrameTimes {
  const sorted = [...atMs].sort((a, b) => a - b);
  const times = sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
  return {
    frames: times.length,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    longestMs: times.reduce((longest, one) => Math.max(longest, one), 0),
    shareInTime: times.filter((time) => time < FRAME_MS).length / times.length,
  };
}
