/** What an environment is called, or was when it was removed, for lists that name environments by their ids. */

/** SQL of the name; null for what concerns no environment that ever was. `column` holds the id. */
export function newestName(column: string): string {
  return `ifnull((SELECT name FROM environments WHERE environmentId = ${column}),
    (SELECT name FROM environments_past WHERE environmentId = ${column} ORDER BY recordedFrom DESC, fromOrdinal DESC LIMIT 1))`;
}
