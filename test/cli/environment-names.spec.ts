/** Names beside events: asked for as they come up, and no others. */
import { expect } from 'chai';
import { createEnvironmentNames } from '../../services/cli/rest/environment-names.ts';
import type { EnvironmentNames } from '../../services/cli/rest/environment-names.ts';

describe('names of environments', () => {
  let asked: (readonly string[])[];
  let names: EnvironmentNames;

  /** Of a server with 15,000 of them. */
  beforeEach(() => {
    asked = [];
    names = createEnvironmentNames(async (ids) => {
      asked.push(ids);
      return ids.filter((id) => Number(id.slice(1)) < 15_000).map((id) => ({ id, name: `site ${id.slice(1)}` }));
    });
  });

  it('are asked for once each, and for those that come up alone, of a fleet of any size', async () => {
    await names.learn(['e7', 'e7', 'e12', 'e99999']);
    expect(['e7', 'e12', 'e99999', 'e8'].map((id) => names.of(id))).to.deep.equal(['site 7', 'site 12', undefined, undefined]);
    await names.learn(['e7', 'e99999', 'e8']);
    expect(names.of('e8')).to.equal('site 8');
    expect(asked).to.deep.equal([['e7', 'e12', 'e99999'], ['e8']]);
  });

  it('are asked for a hundred at a time where many come up at once', async () => {
    await names.learn(Array.from({ length: 250 }, (_, index) => `e${String(index * 20)}`));
    expect(asked.map(({ length }) => length)).to.deep.equal([100, 100, 50]);
    expect(names.of('e4980')).to.equal('site 4980');
  });

  it('are not asked for where a stranger claims something else for an id', async () => {
    await names.learn(['e1', '../../users', 'x'.repeat(65), '']);
    expect(asked).to.deep.equal([['e1']]);
  });
});
