/** A progress bar on a terminal's stderr; nothing elsewhere. */

export interface ProgressBar {
  /** Draws at most ten times a second. */
  show(done: number, total: number): void;
  /** Takes the bar away. */
  clear(): void;
}

const width = 30;
const intervalMs = 100;

/** `what` stands before the bar, such as "verifying". */
export function createProgressBar(what: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  return {
    show: (done, total) => {
      const nowMs = performance.now();
      if (!stream.isTTY || nowMs - drawnAtMs < intervalMs || total === 0) return;
      drawnAtMs = nowMs;
      const filled = Math.floor((width * done) / total);
      stream.write(`\r${what} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor((100 * done) / total)).padStart(3)} % of ${total.toLocaleString('en')}`);
    },
    clear: () => {
      if (stream.isTTY && drawnAtMs > 0) stream.write('\r\u001b[K');
    },
  };
}
