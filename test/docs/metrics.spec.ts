/** docs/metrics.md names every metric with its kind and its labels, and no other; the dashboard and the alerts ask for none that is not there. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createMetrics, type MeasuredParts } from '../../services/control-plane/metrics/metrics.ts';

const docs = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('metrics.md', docs), 'utf8');

/** Every metric, declared over parts that nobody asks. */
const described = () => {
  const metrics = createMetrics();
  metrics.watch({ application: {}, projections: {} } as MeasuredParts);
  return metrics.described();
};

describe('docs/metrics.md', () => {
  const rows = [...page.matchAll(/^\| `(homeport_\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$/gm)].map(([, name = '', kind = '', labels = '']) => ({ name, kind, labels: labels.trim() }));

  it('names each metric once with its kind, and no other', () => {
    const documented = rows.map(({ name, kind }) => `${name} ${kind}`);
    expect(documented.toSorted()).to.deep.equal(described().map(({ name, type }) => `${name} ${type}`).toSorted());
  });

  it('names each label', () => {
    const declared = Object.fromEntries(described().map(({ name, labels }) => [name, labels.map((label) => `\`${label}\``).join(', ')]));
    expect(Object.fromEntries(rows.map(({ name, labels }) => [name, labels]))).to.deep.equal(declared);
  });

  it('all names begin with homeport_', () => {
    expect(described().filter(({ name }) => !name.startsWith('homeport_'))).to.deep.equal([]);
  });
});

describe('the dashboard and the alerts of docs/examples', () => {
  for (const file of ['grafana-dashboard.json', 'prometheus-alerts.yml']) {
    it(`${file} asks for metrics that exist`, () => {
      const known = new Set(described().flatMap(({ name, type }) => (type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name])));
      const asked = [...readFileSync(new URL(`examples/${file}`, docs), 'utf8').matchAll(/\bhomeport_\w+/g)].map(([name]) => name);
      expect(asked.length).to.be.above(5);
      expect([...new Set(asked)].filter((name) => !known.has(name))).to.deep.equal([]);
    });
  }

  it('the dashboard can be imported: panels with a place, a title and a query each, over a data source that the importer chooses', () => {
    const dashboard = JSON.parse(readFileSync(new URL('examples/grafana-dashboard.json', docs), 'utf8')) as Dashboard;
    expect(dashboard.__inputs.map(({ type, pluginId }) => [type, pluginId])).to.deep.equal([['datasource', 'prometheus']]);
    expect(dashboard).to.include({ id: null, title: 'Homeport' });
    const places = new Set<string>();
    for (const { type, title, gridPos, targets } of dashboard.panels) {
      expect(title).to.not.equal('');
      places.add(`${gridPos.x} ${gridPos.y}`);
      expect(gridPos.x + gridPos.w).to.be.at.most(24);
      if (type === 'row') continue;
      expect(targets?.length, title).to.be.above(0);
      for (const { expr, datasource } of targets ?? []) {
        expect(expr, title).to.match(/homeport_/);
        expect(datasource.uid).to.equal('${DS_PROMETHEUS}');
      }
    }
    expect(places.size).to.equal(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length);
  });
});

interface Dashboard {
  readonly __inputs: readonly { readonly type: string; readonly pluginId: string }[];
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  }[];
}
