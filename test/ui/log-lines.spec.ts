/** How the web UI makes lines of what a container says, and keeps the last of them. */
import { expect } from 'chai';
import { emptyBuffer, withBatch } from '../../web-gateway/ui/src/environment/logs/log-buffer.ts';
import { createLogLines, lineOf, type LogLine, type LogLines } from '../../web-gateway/ui/src/environment/logs/log-lines.ts';
import { MOST_LINES, type LogBatch } from '../../web-gateway/ui/src/environment/logs/log-messages.ts';

const AT = '2026-01-02T03:04:05.000000001Z';

describe('the lines of a log', () => {
  const take = (lines: LogLines, ...messages: readonly Uint8Array[]): readonly LogLine[] => messages.flatMap((message) => lines.take(message)).map(lineOf);
  const said = (stream: number, text: string): Buffer => Buffer.concat([Buffer.from([stream]), Buffer.from(text)]);

  it('are whole, wherever messages end: within a line, or within a character', () => {
    const bytes = Buffer.from(`${AT} größer\n${AT} next`);
    const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    for (const cut of cuts) {
      const lines = createLogLines(false);
      const found = take(lines, Buffer.concat([Buffer.from([1]), bytes.subarray(0, cut)]), Buffer.concat([Buffer.from([1]), bytes.subarray(cut)]));
      expect([...found, ...lines.end().map(lineOf)], `cut at ${cut}`).to.deep.equal([
        { stream: 'out', at: AT, text: 'größer' },
        { stream: 'out', at: AT, text: 'next' },
      ]);
    }
  });

  it('of the two streams do not mix, though they come by turns', () => {
    expect(take(createLogLines(false), said(1, 'to the '), said(2, 'an error\n'), said(1, 'end\n'))).to.deep.equal([
      { stream: 'err', at: '', text: 'an error' },
      { stream: 'out', at: '', text: 'to the end' },
    ]);
  });

  it('of a terminal come without a label, and without their carriage returns', () => {
    expect(take(createLogLines(true), Buffer.from(`${AT} one\r\n`))).to.deep.equal([{ stream: 'tty', at: AT, text: 'one' }]);
  });

  it('that have no end are shown in pieces, and cut', () => {
    const lines = createLogLines(true);
    const found = take(lines, ...Array.from({ length: 80 }, () => Buffer.alloc(1024, 'x')));
    expect(found).to.have.length(1);
    expect(found[0]?.text.length).to.be.lessThan(20_000);
  });

  it('are kept to a number, and it is known how many are not', () => {
    const batch = (count: number, skipped = 0): LogBatch => ({ streams: Array<'out'>(count).fill('out'), times: Array<string>(count).fill(AT), texts: Array.from({ length: count }, (_, index) => String(index)), skipped });
    const one = withBatch(withBatch(emptyBuffer, batch(MOST_LINES)), batch(5));
    expect(one).to.include({ dropped: 5 });
    expect(one.lines).to.have.length(MOST_LINES);
    expect(one.lines.at(-1)).to.include({ number: MOST_LINES + 4, text: '4' });
    const flooded = withBatch(one, batch(10, 90_000));
    expect(flooded.lines).to.have.length(10);
    expect(flooded.dropped).to.equal(MOST_LINES + 5 + 90_000);
  });
});
