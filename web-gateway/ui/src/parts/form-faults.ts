/** What the server has against what was typed into a form: at which field, and what belongs to none. */
import { ApiError, messageOf } from '../api/api-error.ts';

export interface FormFaults {
  /** A sentence. @param pointer a JSON Pointer such as `/name`; what is wrong below it (`/tags/0`) counts */
  at(pointer: string): string | undefined;
  /** What is said beside the button; undefined where it is all at fields. */
  readonly elsewhere: string | undefined;
}

/**
 * @param error what the call failed with; null where it did not
 * @param fields the pointers that the form shows faults at
 * @param own by the error's code: the form's own sentence, where the server's words are for programs
 */
export function formFaults(error: unknown, fields: readonly string[], own: Readonly<Record<string, string>> = {}): FormFaults {
  const ownWords = error instanceof ApiError ? own[error.code] : undefined;
  const at = (pointer: string): string | undefined => {
    const reason = reasonAt(error, pointer);
    return reason === undefined ? undefined : (ownWords ?? sentenceOf(reason));
  };
  const isAtField = fields.some((pointer) => at(pointer) !== undefined);
  return { at, elsewhere: error === null || error === undefined || isAtField ? undefined : messageOf(error) };
}

/** What the server has against a field, in its own words; what is wrong below it counts. */
export function reasonAt(error: unknown, pointer: string): string | undefined {
  const faults = error instanceof ApiError ? error.faults : [];
  return faults.find((fault) => fault.pointer === pointer || fault.pointer?.startsWith(`${pointer}/`) === true)?.reason;
}

/** The server's reasons begin in lower case and end without a stop: programs put them behind the name of a field. */
export function sentenceOf(reason: string): string {
  const text = reason.trim();
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…:]$/.test(text) ? '' : '.'}`;
}
