/** Edge IDs as people type them. */
import { expect } from 'chai';
import { EdgeIdError, isEdgeId, parseEdgeId } from '../../proto/edge-id.ts';

const EDGE_ID = '7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11';

describe('Edge ID', () => {
  it('is the same in any case and with blanks around it', () => {
    expect(parseEdgeId(` ${EDGE_ID.toUpperCase()}\n`)).to.equal(EDGE_ID);
    expect(isEdgeId(EDGE_ID)).to.equal(true);
    expect(isEdgeId(EDGE_ID.toUpperCase())).to.equal(false);
  });

  it('is refused where it is no UUID, with a line that says what to do and does not repeat it', () => {
    for (const text of ['', 'factory-7', EDGE_ID.slice(1), `${EDGE_ID}0`, EDGE_ID.replaceAll('-', ''), EDGE_ID.replace('d', 'g')]) {
      expect(() => parseEdgeId(text), text)
        .to.throw(EdgeIdError, /copy it again/)
        .with.property('code', 'malformed-edge-id');
    }
    expect(() => parseEdgeId('factory-7')).to.throw(EdgeIdError).with.property('message').that.does.not.contain('factory-7');
  });
});
