/** Tells who caused an event, from its metadata as the application writes it. */

/** Inside of a JSON string its quotes would be escaped. */
const marker = '"actor":"';

/** The actor, or null where the event names none. Looked for in the text, for nothing else of it is wanted. */
export function actorOf(metadata: string): string | null {
  const found = metadata.indexOf(marker);
  if (found === -1) return null;
  const from = found + marker.length;
  const to = metadata.indexOf('"', from);
  const text = metadata.slice(from, to);
  return text.includes('\\') ? actorInFull(metadata) : text;
}

function actorInFull(metadata: string): string | null {
  const { actor } = JSON.parse(metadata) as { readonly actor?: unknown };
  return typeof actor === 'string' ? actor : null;
}
