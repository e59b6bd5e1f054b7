/** How far down long tables were left, so that who comes back to one finds it there. For as long as the page is loaded. */

/** So many are remembered; then the one left longest ago is forgotten. */
const REMEMBERED = 30;

/** Pixels from the top, by the table's place. */
export const leftAt = new Map<string, number>();

/** @param top in pixels; 0 is not remembered */
export function leaveAt(place: string, top: number): void {
  leftAt.delete(place);
  if (top > 0) leftAt.set(place, top);
  const [oldest] = leftAt.keys();
  if (leftAt.size > REMEMBERED && oldest !== undefined) leftAt.delete(oldest);
}
