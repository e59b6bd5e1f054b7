/** Makes visible what changes the order in which a text is read: a name or a line that an engine says must not look like another one. */

/**
 * Unicode's embeddings, overrides and isolates of writing direction, which nobody sees and which turn the text around them. Letters of
 * right-to-left scripts and the marks beside them stay: they turn nothing but themselves.
 */
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;
const EACH_CONTROL = new RegExp(CONTROLS, 'g');

/** Each of them by its number, such as `[U+202E]`; the rest as it is. */
export function withVisibleControls(text: string): string {
  if (!CONTROLS.test(text)) return text;
  return text.replace(EACH_CONTROL, (control) => `[U+${control.charCodeAt(0).toString(16).toUpperCase()}]`);
}

/** The same for all texts in an answer's JSON, the names of its fields too; the very same answer where there are none. */
export function withVisibleControlsIn<Answer>(answer: Answer): Answer {
  return holdsControls(answer) ? (visible(answer) as Answer) : answer;
}

function holdsControls(value: unknown): boolean {
  if (typeof value === 'string') return CONTROLS.test(value);
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) if (CONTROLS.test(name) || holdsControls((value as Record<string, unknown>)[name])) return true;
  return false;
}

function visible(value: unknown): unknown {
  if (typeof value === 'string') return withVisibleControls(value);
  if (Array.isArray(value)) return value.map(visible);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [withVisibleControls(name), visible(one)]));
}
