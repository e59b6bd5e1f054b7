/** Reads a list to its end, page by page; for lists that are bounded, such as accounts. */

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** As many as a page may have. */
export const PAGE = 1000;

/** Throws what `read` throws. */
export async function allPages<Item>(read: (cursor: { readonly cursor?: string }) => Promise<Page<Item>>): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await read(cursor === null ? {} : { cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
