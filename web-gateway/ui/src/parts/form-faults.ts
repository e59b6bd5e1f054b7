/** What the server has against what was typed into a form: at which field, and what belongs to none. */
import { ApiError, messageOf } from '../api/api-error.ts';

export interface FormFaults {
  /** @param pointer a JSON Pointer such as `/name`; what is wrong below it (`/tags/0`) counts */
  at(pointer: string): string | undefined;
  /** What is said beside the button; undefined where it is all at fields. */
  readonly elsewhere: string | undefined;
}

/** @param error what the call failed with; null where it did not @param fields the pointers that the form shows faults at */
export function formFaults(error: unknown, fields: readonly string[]): FormFaults {
  const faults = error instanceof ApiError ? error.faults : [];
  const at = (pointer: string): string | undefined => faults.find((fault) => fault.pointer === pointer || fault.pointer?.startsWith(`${pointer}/`) === true)?.reason;
  const isAtField = fields.some((pointer) => at(pointer) !== undefined);
  return { at, elsewhere: error === null || error === undefined || isAtField ? undefined : messageOf(error) };
}
