/**
 * How smoothly the web UI's list of environments scrolls, in a real Chromium: 10,000 environments of a real server, 500 changes a second, beside an
 * empty page in the same run. `npm run bench:ui -- [--environments N] [--changes N] [--seconds S] [--speed PIXELS] [--trace FILE]`.
 * Aim: 95 % of frames under 20 ms.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createFleetEnvironments, type FleetEnvironment } from '../services/cli/simulation/fleet-environments.ts';
import type { RestClient } from '../services/cli/rest/rest-client.ts';
import { launchBrowser, signInByPage } from '../test/ui/support/browser.ts';
import { signIn, startControlPlane } from './support/control-plane-process.ts';
import { cpuSeconds } from './support/process-cpu.ts';
import { describeMachine, printTable } from './support/report.ts';
import { FRAME_MS, measureScrolling, type FrameTimes, type ScrollFrames } from './support/scroll-frames.ts';

const AIM_SHARE = 0.95;
/** Changes that may be under way at once: where the server is slower than the pace, fewer are made. */
const AT_ONCE = 64;

const { values } = parseArgs({
  options: { environments: { type: 'string', default: '10000' }, changes: { type: 'string', default: '500' }, seconds: { type: 'string', default: '15' }, speed: { type: 'string', default: '2500' }, trace: { type: 'string' } },
});
const [environments, changesASecond, seconds, pixelsASecond] = [values.environments, values.changes, values.seconds, values.speed].map(Number) as [number, number, number, number];
/** In the middle of the list. */
const at = { x: 640, y: 600 };

const dataDir = await mkdtemp(join(tmpdir(), 'homeport-bench-ui-'));
const server = await startControlPlane({ dataDir });
const rest = await signIn(server);
const browser = await launchBrowser();
try {
  const made: FleetEnvironment[] = [];
  await createFleetEnvironments(rest, { count: environments, prefix: 'site', address: server.url.host, pollIntervalSeconds: undefined, tags: ['eu'], made, progress: () => undefined, signal: AbortSignal.any([]) });

  const { page, context, faults } = await browser.open({ url: server.url.origin }, { reducedMotion: 'no-preference' });
  await signInByPage(page, server.admin ?? { username: '', password: '' });
  await page.getByRole('status').filter({ hasText: `${environments.toLocaleString('en-US')} environments` }).waitFor();
  const empty = await context.newPage();
  await empty.setContent('<!doctype html><title>Empty</title><body style="margin: 0"><div style="height: 1000000px"></div>');

  const scroll = async (shown: typeof page): Promise<ScrollFrames> => {
    await shown.bringToFront();
    await delay(1_500);
    return measureScrolling({ browser: browser.browser, page: shown, at, seconds, pixelsASecond });
  };
  const emptyAlone = await scroll(empty);
  const quiet = await scroll(page);
  await page.getByRole('region', { name: 'Environments' }).press('Home');

  const changing = new AbortController();
  const changes = change(rest, made.map(({ id }) => id), changing.signal);
  const cpuBefore = cpuSeconds([server.pid]);
  const emptyBeside = await scroll(empty);
  const busy = await scroll(page);
  changing.abort();
  const { perSecond, lasted } = await changes;
  const serverCores = (cpuSeconds([server.pid]) - cpuBefore) / lasted;
  if (values.trace !== undefined) await writeFile(values.trace, busy.trace);
  if (faults.length > 0) throw new Error(`the page failed: ${faults.join('\n')}`);

  const runs = { 'an empty page': emptyAlone, 'the list': quiet, 'an empty page, with changes': emptyBeside, 'the list, with changes': busy };
  printTable(
    ['', 'frames', 'p50 ms', 'p95 ms', 'longest ms', `under ${FRAME_MS} ms, %`, 'long tasks', 'a frame’s CPU ms, p50', 'p95', 'cores'],
    Object.entries(runs).flatMap(([name, { presented, mainThread, longTasks, frameCpuMs, mainThreadCores }]) => [
      [name, ...cells(presented), '', '', '', ''],
      ['  its main thread', ...cells(mainThread), longTasks, frameCpuMs.p50, frameCpuMs.p95, mainThreadCores],
    ]),
  );
  console.log(`${perSecond.toFixed(0)} changes a second were made; the server took ${serverCores.toFixed(2)} core meanwhile`);
  console.log(`${(busy.presented.shareInTime * 100).toFixed(1)} % of frames took under ${FRAME_MS} ms (aim ${AIM_SHARE * 100}); of the empty page’s ${(emptyBeside.presented.shareInTime * 100).toFixed(1)} %`);
  console.log(JSON.stringify({ bench: 'ui', ...describeMachine(), environments, changesPerSecond: perSecond, serverCores, seconds, pixelsASecond, runs: Object.fromEntries(Object.entries(runs).map(([name, { trace: _, ...run }]) => [name, run])) }));
} finally {
  await browser.close();
  rest.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function cells({ frames, p50Ms, p95Ms, longestMs, shareInTime }: FrameTimes): (number | string)[] {
  return [frames, p50Ms, p95Ms, longestMs, shareInTime * 100];
}

/** Changes one after the other, all over the fleet, at the pace; every other one shows in its row. */
async function change(client: RestClient, ids: readonly string[], signal: AbortSignal): Promise<{ readonly perSecond: number; readonly lasted: number }> {
  const startedMs = performance.now();
  let done = 0;
  const underWay = new Set<Promise<unknown>>();
  for (let asked = 0; !signal.aborted; ) {
    const elapsed = (performance.now() - startedMs) / 1000;
    for (; asked < elapsed * changesASecond && underWay.size < AT_ONCE; asked += 1) {
      // A step that has nothing in common with their number: neighbours in the list do not change together.
      const id = ids[(asked * 7919) % ids.length] ?? '';
      const body = asked % 2 === 0 ? { tags: ['eu', `run-${asked % 97}`] } : { pollIntervalSeconds: 5 + (asked % 1000) };
      const one = client.call('PATCH', `/environments/${id}`, { body }).then(() => (done += 1));
      underWay.add(one);
      void one.finally(() => underWay.delete(one)).catch(() => undefined);
    }
    await delay(10);
  }
  await Promise.all(underWay);
  const lasted = (performance.now() - startedMs) / 1000;
  return { perSecond: done / lasted, lasted };
}
