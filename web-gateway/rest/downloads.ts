/** Bounds how many downloads of large files run at once, in all and of one address, and ends those that nobody reads or that keep others out. */
import { Readable } from 'node:stream';
import type { DeliveredFile } from '../../services/agent-delivery/port.ts';
import { type Clock, systemClock } from '../../services/application/clock.ts';
import { peerGroup } from '../../services/application/peer-address.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import { GatewayError } from '../problems/gateway-error.ts';

/** Bounds the downloads of the agent's image. */
export interface Downloads {
  /**
   * The same file, each reading of which counts as a download by this address until its stream has ended. Where there are as many
   * as there may be, the oldest of the address that has most is destroyed, if it has more even then than this one; it can go on
   * where it was. Else `read` throws {@link GatewayError} too-many-downloads.
   */
  bounded(file: DeliveredFile, address: string): DeliveredFile;
}

/** Who comes back is spread over so many seconds. */
const RETRY_SECONDS = { from: 3, to: 12 } as const;

export interface DownloadsDeps {
  /** The machine's by default. */
  readonly clock?: Clock;
  /** From 0 to below 1; Math.random by default. */
  readonly random?: () => number;
}

/** Creates the bounds; what they count is this object's own. */
export function createDownloads(
  { downloads, downloadsOfOne, downloadStallMs }: Pick<GatewayLimits, 'downloads' | 'downloadsOfOne' | 'downloadStallMs'>,
  { clock = systemClock, random = Math.random }: DownloadsDeps = {},
): Downloads {
  /** By address, oldest first. */
  const running = new Map<string, Set<Readable>>();
  let total = 0;

  /** Throws where there is no place for one more. */
  function makeRoom(peer: string): void {
    const ofOne = running.get(peer)?.size ?? 0;
    const isFull = total >= downloads;
    const [most] = [...running].sort(([, some], [, other]) => other.size - some.size);
    const [oldest] = most?.[1] ?? [];
    if (isFull && ofOne < downloadsOfOne && most !== undefined && ofOne + 1 < most[1].size && oldest !== undefined) {
      end(most[0], oldest);
      oldest.destroy(new Error('others wait for its place'));
      return;
    }
    if (isFull || ofOne >= downloadsOfOne) {
      const seconds = RETRY_SECONDS.from + Math.floor(random() * (RETRY_SECONDS.to - RETRY_SECONDS.from + 1));
      const whose = isFull ? 'The server sends' : 'The server sends to your address';
      throw new GatewayError('too-many-downloads', `${whose} as many files at once as it may. Try again in a moment.`, { headers: { 'retry-after': String(seconds) } });
    }
  }

  function begin(peer: string, stream: Readable): void {
    total += 1;
    running.set(peer, (running.get(peer) ?? new Set()).add(stream));
  }

  /** Does nothing where it has ended before. */
  function end(peer: string, stream: Readable): void {
    const own = running.get(peer);
    if (own?.delete(stream) !== true) return;
    total -= 1;
    if (own.size === 0) running.delete(peer);
  }

  return {
    bounded: (file, address) => ({
      ...file,
      read(range) {
        const peer = peerGroup(address);
        makeRoom(peer);
        const bytes = file.read(range);
        const watched = Readable.from(watch(bytes), { objectMode: false, highWaterMark: bytes.readableHighWaterMark });
        const expectReading = (): (() => void) => clock.after(downloadStallMs, () => void watched.destroy(new Error('nobody reads the download')));
        let stopWaiting = expectReading();
        async function* watch(source: Readable): AsyncGenerator<Buffer> {
          for await (const chunk of source) {
            // Asked for by whoever has taken what came before.
            stopWaiting();
            stopWaiting = expectReading();
            yield chunk as Buffer;
          }
        }
        watched.once('close', () => {
          stopWaiting();
          bytes.destroy();
          end(peer, watched);
        });
        begin(peer, watched);
        return watched;
      },
    }),
  };
}
