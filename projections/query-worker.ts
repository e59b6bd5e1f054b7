/** A thread that answers queries, over a connection that can only read. */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { queries } from './catalogue.ts';
import type { Query } from './projection.ts';
import { isCorruption, openReadModelForQueries } from './read-model-file.ts';
import type { QueryAnswer, QueryRequest } from './thread-messages.ts';

const { file } = workerData as { readonly file: string };
const known: readonly Query<never, unknown>[] = queries;
const answering = new Map<string, (input: never) => unknown>();
let database: DatabaseSync | undefined;

function tell(answer: QueryAnswer): void {
  parentPort?.postMessage(answer);
}

function release(): void {
  answering.clear();
  database?.close();
  database = undefined;
}

/** The answer as JSON text, from one state of the read models. */
function answer(name: string, input: unknown): string {
  database ??= openReadModelForQueries(file);
  let prepared = answering.get(name);
  if (prepared === undefined) {
    const query = known.find((one) => one.name === name);
    if (query === undefined) throw new Error(`there is no query ${name}`);
    prepared = query.prepare(database);
    answering.set(name, prepared);
  }
  database.exec('BEGIN');
  try {
    const json = JSON.stringify(prepared(input as never));
    database.exec('COMMIT');
    return json;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

parentPort?.on('message', (request: QueryRequest) => {
  switch (request.kind) {
    case 'query':
      try {
        tell({ kind: 'answer', id: request.id, json: answer(request.name, request.input) });
      } catch (error) {
        tell({ kind: 'error', id: request.id, message: error instanceof Error ? error.message : String(error), isCorrupt: isCorruption(error) });
      }
      return;
    case 'release':
      release();
      tell({ kind: 'released' });
      return;
    case 'close':
      release();
      parentPort?.close();
  }
});
