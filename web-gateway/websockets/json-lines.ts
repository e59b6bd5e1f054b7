/** Values of JSON that an engine says one after the other, each on a line of its own. */
import { GatewayError } from '../problems/gateway-error.ts';

/** A sample of figures has a few KB. */
const LONGEST_LINE = 256 * 1024;

export interface JsonLines {
  /** What a piece brings to an end. Throws {@link GatewayError} engine-protocol-error. */
  take(piece: string): readonly unknown[];
}

/** @param what they are, for errors: such as `its figures are` */
export function createJsonLines(what: string): JsonLines {
  let begun = '';
  return {
    take(piece) {
      const lines = `${begun}${piece}`.split('\n');
      begun = lines.pop() ?? '';
      if (begun.length > LONGEST_LINE) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: a line of it is too long.');
      return lines.filter((line) => line.trim() !== '').map(parse);
    },
  };

  function parse(line: string): unknown {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new GatewayError('engine-protocol-error', `The engine’s answer was refused: ${what} no JSON.`, { cause: error });
    }
  }
}
