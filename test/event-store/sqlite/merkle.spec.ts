import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { chainHash, digestFromBytes, digestToBytes, emptyChain, leafHash, merkleRoot, type LeafFields } from '../../../services/event-store/sqlite/merkle.ts';

const event: LeafFields = {
  position: 7,
  stream: 'environment-1',
  revision: 2,
  id: '4f2b5d0c-6f0e-4f6c-9b1d-0c5a8f1e2d3c',
  type: 'EnvironmentRenamed',
  createdAtMs: 1_700_000_000_000,
  data: '{"name":"Zürich"}',
  metadata: '{}',
};

describe('the Merkle tree of a group', () => {
  const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };

  /** RFC 6962, section 2.1, as it is written there: split at the largest power of two below the size. */
  const rfc6962 = (leaves: readonly Uint8Array[]): Uint8Array => {
    const [only] = leaves;
    if (leaves.length === 1 && only !== undefined) return only;
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return sha256(Uint8Array.of(1), rfc6962(leaves.slice(0, split)), rfc6962(leaves.slice(split)));
  };

  it('is that of RFC 6962 for every size of group', () => {
    const leaves = Array.from({ length: 70 }, (_, index) => sha256(`leaf ${index}`));
    for (let size = 1; size <= leaves.length; size += 1) {
      const group = leaves.slice(0, size);
      expect(merkleRoot(group.map(digestFromBytes)), `${size} leaves`).to.equal(digestFromBytes(rfc6962(group)));
    }
  });

  it('has leaves that an auditor can compute from the documented encoding alone', () => {
    const text = '7 2 1700000000000 4f2b5d0c-6f0e-4f6c-9b1d-0c5a8f1e2d3c 13 18 18 2\nenvironment-1EnvironmentRenamed{"name":"Zürich"}{}';
    expect(digestToBytes(leafHash(event))).to.deep.equal(sha256(Uint8Array.of(0), text));
  });

  it('has leaves of events of any size, in any language', () => {
    for (const data of [JSON.stringify('x'.repeat(100_000)), JSON.stringify('環境🚢'.repeat(9_000)), JSON.stringify('é'.repeat(21_700))]) {
      const text = `7 2 1700000000000 ${event.id} 13 18 ${Buffer.byteLength(data)} 2\nenvironment-1EnvironmentRenamed${data}{}`;
      expect(digestToBytes(leafHash({ ...event, data }))).to.deep.equal(sha256(Uint8Array.of(0), text));
    }
  });

  it('has another leaf when anything of the event differs', () => {
    const variants: LeafFields[] = [
      event,
      { ...event, position: 8 },
      { ...event, stream: 'environment-2' },
      { ...event, revision: 3 },
      { ...event, id: '4f2b5d0c-6f0e-4f6c-9b1d-0c5a8f1e2d3d' },
      { ...event, type: 'EnvironmentTagged' },
      { ...event, createdAtMs: event.createdAtMs + 1 },
      { ...event, data: '{"name":"Zurich"}' },
      { ...event, metadata: '{"a":1}' },
      // The same bytes, divided otherwise.
      { ...event, stream: 'environment-', type: '1EnvironmentRenamed' },
      { ...event, data: '{"name":"Zürich"}{', metadata: '}' },
    ];
    const leaves = new Set(variants.map(leafHash));
    expect(leaves.size).to.equal(variants.length);
  });

  it('is chained over the root, both positions and the category', () => {
    const root = leafHash(event);
    const link = { root, firstPosition: 1, lastPosition: 2 ** 40, category: 'polls' };
    const positions = Buffer.from('00000000000000010000010000000000', 'hex');
    expect(digestToBytes(chainHash(emptyChain, link))).to.deep.equal(sha256(Uint8Array.of(2), Buffer.alloc(32), digestToBytes(root), positions, 'polls'));
  });
});
