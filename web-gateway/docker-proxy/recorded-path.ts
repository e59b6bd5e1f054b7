/** The path as it is recorded: of the query only parameters that name what is done and hold no secret. */

/**
 * Left out on purpose, for what people put there: buildargs, labels, changes, comment, filters, fromSrc, remote and
 * cachefrom (all may bear credentials), and everything unknown.
 */
const LISTED: ReadonlySet<string> = new Set([
  'all', 'condition', 'container', 'detachKeys', 'dockerfile', 'follow', 'force', 'forcerm', 'fromImage', 'h', 'limit', 'link',
  'logs', 'name', 'nocache', 'noprune', 'path', 'pause', 'platform', 'pull', 'repo', 'rm', 'signal', 'since', 'size', 'stderr', 'stdin',
  'stdout', 'stream', 't', 'tag', 'tail', 'target', 'timestamps', 'type', 'until', 'v', 'verbose', 'version', 'w',
]);
const LONGEST_VALUE = 256;
const LONGEST_PATH = 1024;

export function recordedPath(path: string, query: string): string {
  const shown = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
  if (query === '') return shown;
  const kept = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(query)) {
    if (LISTED.has(name) && kept.size < LISTED.size) kept.append(name, value.slice(0, LONGEST_VALUE));
  }
  return kept.size === 0 ? shown : `${shown}?${kept.toString()}`;
}
