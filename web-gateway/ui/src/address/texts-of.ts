/** Reads an address's query. */

/** Those of the values that are texts, and not empty. */
export function textsOf<Name extends string>(search: Readonly<Record<string, unknown>>, names: readonly Name[]): Partial<Record<Name, string>> {
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'string' && value !== '') texts[name] = value;
    else if (typeof value === 'number') texts[name] = String(value);
  }
  return texts;
}
