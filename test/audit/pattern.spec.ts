/** A filter's regular expression remembers little: auditors may have many readers at once, and streams have long names. */
import { expect } from 'chai';
import { compilePattern, type Pattern } from '../../services/audit/pattern.ts';
import { heldMemory } from '../support/held-memory.ts';

/** Readers at once, of all accounts. */
const READERS = 128;
const NAMES = 5_000;

describe('a filter’s regular expression', () => {
  it('takes little memory, however many names it has seen', () => {
    const patterns: Pattern[] = [];
    const before = heldMemory();
    for (let reader = 0; reader < READERS / 8; reader += 1) {
      const pattern = compilePattern(`^reader-${reader}.*7$`);
      for (let number = 0; number < NAMES; number += 1) expect(pattern.isFoundIn(`reader-${reader}${'x'.repeat(200)}${number}`)).to.equal(number % 10 === 7);
      patterns.push(pattern);
    }
    // An eighth of 64 MiB.
    expect(heldMemory() - before).to.be.lessThan(8 * 1024 * 1024);
    expect(patterns).to.have.lengthOf(READERS / 8);
  });
});
