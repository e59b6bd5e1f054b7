/** The page that shows the REST interface's description, and the description as far as any reader sees it. */
import { expect } from 'chai';
import { operationId } from '../../../web-gateway/openapi/operation-id.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

describe('the description of the REST interface, as it is served', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('is for everyone, and names each documented route once, with who may call it', async () => {
    const { status, json } = await gateway.call('/api/v1/openapi.json', { as: null });
    expect(status).to.equal(200);
    const paths = json['paths'] as Record<string, Record<string, { operationId: string; security: object[]; description: string }>>;
    const described = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`));
    expect(described.toSorted()).to.deep.equal(gateway.gateway.routes.filter(({ method }) => method !== 'HEAD').map(({ method, url }) => `${method} ${url}`).toSorted());
    expect(paths['/healthz']?.['get']?.security).to.deep.equal([]);
    expect(paths['/api/v1/environments']?.['post']).to.include({ operationId: 'createEnvironment' }).and.property('description').to.include('For the role admin.');
  });

  it('is shown by a page that loads nothing from elsewhere, and runs no script but its own', async () => {
    const page = await gateway.call('/api/docs/', { as: null });
    expect(page.status).to.equal(200);
    expect(page.headers['content-security-policy']).to.include("default-src 'none'").and.to.include("script-src 'self';");
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
    expect(sources).to.not.be.empty;
    for (const source of sources) {
      expect(source).to.match(/^\.\/static\//);
      expect((await gateway.call(`/api/docs/${source.slice(2)}`, { as: null })).status, source).to.equal(200);
    }
    for (const path of ['static/none.js', 'static/..%2f..%2fpackage.json']) expect((await gateway.call(`/api/docs/${path}`, { as: null })).json, path).to.include({ status: 404, code: 'not-found' });
    const asked = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> => (await gateway.call(`/api/docs/static/${path}`, { as: null, headers })).json['code'];
    expect([await asked('../../package.json'), await asked('a%00b'), await asked('logo.svg', { range: 'bytes=99999999-' }), await asked('logo.svg', { 'if-match': '"another"' })], 'no error of the server’s own').to.deep.equal(['not-found', 'not-found', 'range-not-satisfiable', 'precondition-failed']);
  });

  it('calls operations by what they do', () => {
    expect(['Create an environment', 'List API keys', 'Select an environment: open its tunnel', 'Take a snapshot now', '—'].map(operationId)).to.deep.equal(['createEnvironment', 'listApiKeys', 'selectEnvironment', 'takeSnapshot', '']);
  });
});
