/** Tasks that must not overlap: one after the other, in the order in which they were asked for. */

/** Runs a task once all earlier ones have ended, however they ended, and answers as the task does. */
export type InTurn = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** Creates a queue of its own. An empty task resolves when everything before it has ended. */
export function createInTurn(): InTurn {
  let tail: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = tail.then(task);
    tail = mine.catch(() => undefined);
    return mine;
  };
}
