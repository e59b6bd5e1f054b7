/** A progress bar on a terminal's stderr; nothing elsewhere. */

export interface ProgressBar {
  /** Draws at most ten times a second. */
  show(done: number, total: number): void;
  /** The same by a share from 0 to 1, and what is counted so far, in words. */
  showShare(share: number, counted: string): void;
  /** Takes the bar away. */
  clear(): void;
}

const width = 30;
const intervalMs = 100;

/** `what` stands before the bar, such as "verifying". */
export function createProgressBar(what: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  let drawnAtMs = Number.NEGATIVE_INFINITY;

  function draw(share: number, after: string): void {
    const nowMs = performance.now();
    if (!stream.isTTY || nowMs - drawnAtMs < intervalMs) return;
    drawnAtMs = nowMs;
    const filled = Math.floor(width * share);
    stream.write(`\r${what} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor(100 * share)).padStart(3)} %${after}`);
  }

  return {
    show(done, total) {
      if (total > 0) draw(done / total, ` of ${total.toLocaleString('en')}`);
    },
    showShare: (share, counted) => draw(share, `, ${counted}`),
    clear() {
      if (stream.isTTY && drawnAtMs > 0) stream.write('\r\u001b[K');
    },
  };
}

/** Bars of work in several steps, one after the other. */
export interface StepBars {
  show(step: string, done: number, total: number): void;
  clear(): void;
}

/** A step's name stands before its bar. */
export function createStepBars(): StepBars {
  let current: { readonly step: string; readonly bar: ProgressBar } | undefined;
  return {
    show: (step, done, total) => {
      if (current?.step !== step) {
        current?.bar.clear();
        current = { step, bar: createProgressBar(step) };
      }
      current.bar.show(done, total);
    },
    clear: () => current?.bar.clear(),
  };
}
