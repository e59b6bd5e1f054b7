/** What is made of an open database once, and kept for as long as it is: by whoever asks first. */
import type { DatabaseSync } from 'node:sqlite';

/** @returns what gives each database its own, the same every time */
export function onceForDatabase<Made extends object>(make: (database: DatabaseSync) => Made): (database: DatabaseSync) => Made {
  const made = new WeakMap<DatabaseSync, Made>();
  return (database) => {
    const its = made.get(database) ?? make(database);
    made.set(database, its);
    return its;
  };
}
