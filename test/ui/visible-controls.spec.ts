/** What the web UI shows in place of characters that turn a text around. */
import { expect } from 'chai';
import { withVisibleControls, withVisibleControlsIn } from '../../web-gateway/ui/src/api/visible-controls.ts';

describe('what an engine says, as the web UI shows it', () => {
  it('has what turns its order written out: it cannot look like another text', () => {
    expect(withVisibleControls('invoice\u202efdp.exe')).to.equal('invoice[U+202E]fdp.exe');
    expect(withVisibleControls('\u2066a\u2069 \u202ab\u202c\u202d\u202b\u2067\u2068')).to.equal('[U+2066]a[U+2069] [U+202A]b[U+202C][U+202D][U+202B][U+2067][U+2068]');
  });

  it('is left as it is otherwise, in any script', () => {
    for (const text of ['', 'GET /health 200', 'größer → kleiner', 'שלום, עולם', 'مرحبا\u200f!', '日本語', '👩\u200d🚀']) expect(withVisibleControls(text)).to.equal(text);
    const answer = { items: [{ name: 'web', labels: { 'com.example': 'שלום' }, ports: [80], health: null }] };
    expect(withVisibleControlsIn(answer)).to.equal(answer);
  });

  it('is written out wherever in an answer it stands', () => {
    expect(withVisibleControlsIn({ items: [{ name: 'a\u202eb', labels: { 'c\u202ed': 'e\u2067' }, size: 1, none: null, is: true }], total: 1 })).to.deep.equal({
      items: [{ name: 'a[U+202E]b', labels: { 'c[U+202E]d': 'e[U+2067]' }, size: 1, none: null, is: true }],
      total: 1,
    });
  });
});
