/** Calls as the web UI saves them for a spreadsheet: what callers and engines wrote stays text, in one cell. */
import { expect } from 'chai';
import { callsAsCsv } from '../../web-gateway/ui/src/activity/calls-as-text.ts';
import type { Call } from '../../web-gateway/ui/src/api/answer.ts';

function callOf(path: string): Call {
  return { id: 'c1', startedAt: '2026-01-02T03:04:05.006Z', endedAt: null, environmentId: 'e1', environmentName: 'factory', node: null, actor: 'user:admin', method: 'GET', path, status: 200, failure: null, durationMs: -1, bytesSent: 0, bytesReceived: 0, stream: null };
}

/** As a spreadsheet reads it: quotes count only where a cell begins with them. */
function cells(csv: string, separator: string): readonly string[] {
  const found: string[] = [];
  let rest = csv;
  while (rest !== '') {
    const [whole, quoted, tail = ''] = /^"((?:[^"]|"")*)"([^]*)$/.exec(rest) ?? [];
    const plain = whole === undefined ? rest : tail;
    const end = plain.search(separator === ';' ? /[;\r\n]/ : separator === '\t' ? /[\t\r\n]/ : /[,\r\n]/);
    found.push((quoted?.replaceAll('""', '"') ?? '') + (end === -1 ? plain : plain.slice(0, end)));
    rest = end === -1 ? '' : plain.slice(end + 1);
  }
  return found;
}

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', ' =1', '"=1', '＝1', '＋1', '－1', '＠A'];

describe('calls saved for a spreadsheet', () => {
  it('are cells of their own, with what is in them whole', () => {
    const path = '/a,b "c"\r\nd;e\tf';
    const [head, ...rest] = callsAsCsv([callOf(path)]).split('\r\n');
    expect(head).to.match(/^startedAt,endedAt,/);
    const read = cells(rest.join('\r\n'), ',');
    expect(read[7]).to.equal(path);
    expect(read[10], 'a number is no formula').to.equal('-1');
  });

  it('are no formulas, whichever separator the spreadsheet takes and wherever a cell so begins', () => {
    for (const separator of [',', ';', '\t']) {
      for (const formula of FORMULAS) {
        for (const path of [formula, `/x;${formula}`, `/x;"${formula}`, `/x\t${formula}`, `/x\n${formula}`, `/x\r${formula}`, `"x";${formula}`]) {
          const [, ...rest] = callsAsCsv([callOf(path)]).split('\r\n');
          const started = cells(rest.join('\r\n'), separator).filter((cell) => /^[\s"]*[=+\-@＝＋－＠]/.test(cell) && cell !== '-1');
          expect(started, `${JSON.stringify(path)} by ${JSON.stringify(separator)}`).to.deep.equal([]);
        }
      }
    }
  });
});
