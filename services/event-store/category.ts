/** The category of a stream: the part of its name before the first dash, or the whole name where there is none. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-');
  return dash === -1 ? stream : stream.slice(0, dash);
}
