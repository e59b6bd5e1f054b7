/** Regular expressions that clients send: matched in time that grows with the name's length alone, whatever they say. */
import { RE2JS } from 're2js';
import { invalidRequest } from './call-error.ts';
import { maxPatternLength, maxPatternSteps } from './limits.ts';

export interface Pattern {
  /** Whether the pattern is found anywhere in the name, as EventStoreDB looks for it. */
  isFoundIn(name: string): boolean;
  /** Every name that it is found in begins so; may be empty. */
  readonly prefix: string;
}

/** Outcomes remembered, for each reader: the types and streams that are busy just now are fewer than their events. */
const remembered = 500;

/** Throws CallError where the engine can't express it, with what that is. */
export function compilePattern(source: string): Pattern {
  if (source.length > maxPatternLength) throw invalidRequest(`The filter's regular expression has more than ${maxPatternLength} characters.`);
  const compiled = compile(source);
  if (compiled.programSize() > maxPatternSteps) throw invalidRequest('The filter\'s regular expression is too large once its repetitions are written out; filter by prefixes, or more loosely.');
  const outcomes = new Map<string, boolean>();
  return {
    isFoundIn(name) {
      const known = outcomes.get(name);
      if (known !== undefined) return known;
      const outcome = compiled.test(name);
      if (outcomes.size >= remembered) outcomes.clear();
      outcomes.set(name, outcome);
      return outcome;
    },
    prefix: literalPrefix(source),
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : '';
    throw invalidRequest(`The filter's regular expression can't be used here: ${why}. Look-around and back-references are not possible, because matching must take linear time.`);
  }
}

/** The characters that an anchored expression begins with; none where it has alternatives. */
function literalPrefix(source: string): string {
  if (source.includes('|')) return '';
  const [, literal = '', next = ''] = /^\^([A-Za-z0-9_ -]*)(.?)/s.exec(source) ?? [];
  // What follows may say that the last of them need not be there.
  return /[*+?{]/.test(next) ? literal.slice(0, -1) : literal;
}
