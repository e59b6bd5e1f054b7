/** What generated clients call an operation: made of its summary, so that each is said once. */

const LITTLE_WORDS: ReadonlySet<string> = new Set(['a', 'an', 'the', 'its', 'all', 'of', 'that', 'this', 'is', 'now']);

/** "Create an environment" is createEnvironment; what stands after a colon or a comma is left out. Empty where nothing is left. */
export function operationId(summary: string): string {
  const [main = ''] = summary.split(/[:,]/);
  const words = main.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const [first, ...rest] = words.filter((word) => !LITTLE_WORDS.has(word));
  return first === undefined ? '' : first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
