/**
 * What the thread that holds the store and the writer's thread say to each other. Appends travel as one flat array a
 * tick: structured clone writes every property name of every object, which would cost more than the events themselves.
 */
import type { MessagePort } from 'node:worker_threads';
import { EventStoreError, type EventStoreErrorCode, type ExpectedRevision, type NewEvent } from '../port.ts';
import type { Operation, OperationKind } from './operations.ts';
import type { ChainHead } from '../log-chain.ts';
import type { ExpiryRequest, KeptSize, RemovalResult } from '../log-maintenance.ts';

/** How the writer is started (workerData). */
export interface WriterOptions {
  readonly file: string;
  readonly expiringCategories: readonly string[];
  readonly maxPages: number | undefined;
  readonly maxGroupEvents: number;
}

/** Operations, flattened by {@link flattenOperation}. */
export type FlatOperations = (string | number)[];

export type ToWriter =
  | { readonly kind: 'operations'; readonly flat: FlatOperations }
  /** Announce each new head on this port, the present one at once. */
  | { readonly kind: 'announce'; readonly port: MessagePort }
  | { readonly kind: 'expire'; readonly ticket: number; readonly request: ExpiryRequest }
  | { readonly kind: 'scavenge'; readonly ticket: number }
  | { readonly kind: 'measure'; readonly ticket: number }
  | { readonly kind: 'chain-head'; readonly ticket: number }
  /** Commit what is waiting, close the file and end. */
  | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready'; readonly head: number }
  /** Triples of ticket, revision and position; a group's answers in one message, with the head after it. */
  | { readonly kind: 'settled'; readonly results: number[]; readonly failures: readonly FlatFailure[]; readonly head: number }
  | { readonly kind: 'chain-head'; readonly ticket: number; readonly head: ChainHead | undefined }
  | { readonly kind: 'removed'; readonly ticket: number; readonly result: RemovalResult }
  | { readonly kind: 'measured'; readonly ticket: number; readonly sizes: ReadonlyMap<string, KeptSize> }
  | { readonly kind: 'request-failed'; readonly ticket: number; readonly error: FlatError }
  /** The log can't be opened. The thread ends. */
  | { readonly kind: 'unopened'; readonly error: FlatError };

export interface FlatFailure {
  readonly ticket: number;
  readonly error: FlatError;
}

/** An {@link EventStoreError} as plain data. */
export interface FlatError {
  readonly code: EventStoreErrorCode;
  readonly message: string;
  readonly stream: string | undefined;
  readonly expectedRevision: ExpectedRevision | undefined;
  readonly actualRevision: number | undefined;
  readonly isDiskFull: boolean;
}

const operationKinds: readonly OperationKind[] = ['append', 'soft-delete', 'tombstone'];

/** An operation with the ticket its answer will name. */
export interface TicketedOperation extends Operation {
  readonly ticket: number;
  /** May wait so long for company, in milliseconds. */
  readonly windowMs: number;
}

/** Appends an operation to a message. */
export function flattenOperation(flat: FlatOperations, ticket: number, windowMs: number, operation: Operation): void {
  const { kind, stream, expectedRevision, events } = operation;
  flat.push(ticket, windowMs, operationKinds.indexOf(kind), stream, expectedRevision, events.length);
  for (const { id, type, data, metadata } of events) flat.push(id, type, data, metadata);
}

/** The operations of a message, in order. */
export function* unflattenOperations(flat: FlatOperations): Generator<TicketedOperation> {
  let at = 0;
  const number = (): number => Number(flat[at++]);
  const text = (): string => String(flat[at++]);
  while (at < flat.length) {
    const ticket = number();
    const windowMs = number();
    const kind = operationKinds[number()] ?? 'append';
    const stream = text();
    const expectedRevision = flat[at++] as ExpectedRevision;
    const count = number();
    const events: NewEvent[] = [];
    for (let left = count; left > 0; left -= 1) events.push({ id: text(), type: text(), data: text(), metadata: text() });
    yield { ticket, windowMs, kind, stream, expectedRevision, events };
  }
}

/** For the way to the other thread. */
export function flattenError(error: EventStoreError): FlatError {
  const { code, message, stream, expectedRevision, actualRevision, isDiskFull } = error;
  return { code, message, stream, expectedRevision, actualRevision, isDiskFull };
}

/** The same error on this side. */
export function unflattenError({ code, message, stream, expectedRevision, actualRevision, isDiskFull }: FlatError): EventStoreError {
  return new EventStoreError(code, message, {
    isDiskFull,
    ...(stream === undefined ? {} : { stream }),
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
    ...(actualRevision === undefined ? {} : { actualRevision }),
  });
}
