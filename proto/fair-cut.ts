/** Cuts lists so that all of them together fit: small ones stay whole, and the large ones share what is left. */

/**
 * How many items of each list stay, the first ones. `sizes` holds each list's items in bytes.
 * Lists are served from the smallest on, each with an equal share of what the ones before left.
 */
export function keptWithin<Name extends string>(sizes: Readonly<Record<Name, readonly number[]>>, budgetBytes: number): Record<Name, number> {
  const lists = (Object.entries(sizes) as [Name, readonly number[]][])
    .map(([name, items]) => ({ name, items, total: items.reduce((sum, size) => sum + size, 0) }))
    .sort((a, b) => a.total - b.total);
  let left = Math.max(0, budgetBytes);
  const kept: [Name, number][] = [];
  lists.forEach(({ name, items, total }, index) => {
    const share = left / (lists.length - index);
    let count = items.length;
    let used = total;
    if (total > share) {
      count = 0;
      used = 0;
      for (const size of items) {
        if (used + size > share) break;
        used += size;
        count += 1;
      }
    }
    left -= used;
    kept.push([name, count]);
  });
  return Object.fromEntries(kept) as Record<Name, number>;
}
