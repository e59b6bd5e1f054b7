/** Bounds how many downloads of large files run at once, in all and of one address, and ends those that nobody reads or that keep others out. */
import { Readable } from 'node:stream';
import type { DeliveredFile } from '../../services/agent-delivery/port.ts';
import { type Clock, systemClock } from '../../services/application/clock.ts';
import { peerGroup } from '../../services/application/peer-address.ts';
import { createPlaces } from '../../services/application/places.ts';
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
  const places = createPlaces({ inAll: downloads, ofOne: downloadsOfOne });

  function tooMany(refused: 'all-taken' | 'own-taken'): GatewayError {
    const seconds = RETRY_SECONDS.from + Math.floor(random() * (RETRY_SECONDS.to - RETRY_SECONDS.from + 1));
    const whose = refused === 'all-taken' ? 'The server sends' : 'The server sends to your address';
    return new GatewayError('too-many-downloads', `${whose} as many files at once as it may. Try again in a moment.`, { headers: { 'retry-after': String(seconds) } });
  }

  return {
    bounded: (file, address) => ({
      ...file,
      read(range) {
        const entry = places.enter(peerGroup(address), () => void watched.destroy(new Error('others wait for its place')));
        if (entry.refused !== undefined) throw tooMany(entry.refused);
        const bytes = file.read(range);
        const watched: Readable = Readable.from(watch(bytes), { objectMode: false, highWaterMark: bytes.readableHighWaterMark });
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
          entry.leave();
        });
        return watched;
      },
    }),
  };
}
