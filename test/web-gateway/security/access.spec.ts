/** Who may call what: every route, as every role, with every grant and as nobody, against the table of docs/security.md. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Grant, Role } from '../../../services/domain/events.ts';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { ROLES } from '../support/fake-accounts.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

interface Row {
  readonly role: Role | 'everyone';
  /** How far an operator's grant must go, or whether it must reach every environment. */
  readonly grant: 'read' | 'full' | 'every' | undefined;
}

/** Who asks: a role, and for an operator what it is granted; null is nobody. */
interface Caller {
  readonly role: Role | null;
  readonly grants?: readonly Grant[];
}

const GRANTED = { none: [], other: [{ tag: 'us', access: 'full' }], read: [{ tag: 'eu', access: 'read' }], full: [{ tag: 'eu', access: 'full' }], every: [{ tag: '*', access: 'full' }] } as const;
const CALLERS: readonly Caller[] = [...ROLES, null].map((role) => ({ role }));
const OPERATORS: readonly Caller[] = Object.values(GRANTED).map((grants) => ({ role: 'operator', grants }));

/** The rows of the table, by method and path. */
const TABLE: ReadonlyMap<string, Row> = new Map(
  [...readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8').matchAll(/^\| `([A-Z]+ \/[^`]*)` \| (\w+) \| (read|full|every|–) \|$/gm)].map(([, route = '', role = '', grant]) => [
    route,
    { role: role as Row['role'], grant: grant === '–' ? undefined : (grant as Row['grant']) },
  ]),
);

/** What a caller is to hear: a code, or undefined where the route does its work. */
function refusalOf({ role: lowest, grant }: Row, { role, grants }: Caller): string | undefined {
  if (lowest === 'everyone') return undefined;
  if (role === null) return 'unauthenticated';
  if (ROLES.indexOf(role) > ROLES.indexOf(lowest)) return 'forbidden';
  if (grants === undefined || grant === undefined) return undefined;
  if (grant === 'every') return grants.some(({ tag }) => tag === '*') ? undefined : 'forbidden';
  const fitting = grants.filter(({ tag }) => tag === '*' || tag === 'eu');
  if (fitting.length === 0) return 'environment-not-found';
  return grant === 'full' && !fitting.some(({ access }) => access === 'full') ? 'read-only-access' : undefined;
}

describe('access by role', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;
  let environment: Parameters<GatewayFixture['fleet']['views']['set']>[1];

  before(async () => {
    engine = await startHttpEngine((gateway = await startGateway()).enginePath, (_req, res) => void res.end('{}'));
    await gateway.call('/api/v1/environments', { method: 'POST', body: '{"name":"factory","address":"h.example:1","tags":["eu"]}' });
    const view = gateway.fleet.views.get('env1');
    if (view === undefined) throw new Error('the environment was not created');
    environment = view;
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  /** The answer's code, where it has one. A stream is not waited for. */
  async function codeOf(route: string, { role, grants }: Caller): Promise<{ readonly status: number; readonly code: unknown }> {
    const [method = '', url = ''] = route.split(' ');
    gateway.fleet.views.set('env1', environment);
    gateway.accounts.grantOperator(grants ?? [{ tag: '*', access: 'full' }]);
    const path = url.replace(':edgeId', '7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11').replaceAll(/:\w+/g, 'env1');
    const hasBody = method === 'POST' || method === 'PATCH';
    const req = gateway.open(path, { method, as: role, headers: hasBody ? { 'content-type': 'application/json', 'content-length': '1' } : {} });
    // No JSON: what is let in fails before it does anything.
    req.end(hasBody ? '{' : undefined);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const status = res.statusCode ?? 0;
    const body = res.headers['content-type'] === 'application/problem+json' ? (JSON.parse(await text(res)) as { code: unknown }) : undefined;
    res.destroy();
    return { status, code: body?.code };
  }

  it('is declared by every route, as docs/security.md has it', () => {
    const declared = gateway.gateway.routes.filter(({ method }) => method !== 'HEAD').map(({ method, url, access, environmentAccess }) => [`${method} ${url}`, { role: access === 'public' ? 'everyone' : access, grant: environmentAccess }] as const);
    expect(Object.fromEntries(TABLE)).to.deep.equal(Object.fromEntries(declared));
  });

  for (const [route, row] of TABLE) {
    it(`lets ${row.role}${row.role === 'everyone' ? '' : ' and above'} use ${route}${row.grant === undefined ? '' : ` with a grant to ${row.grant}`}, and nobody else`, async () => {
      for (const caller of [...CALLERS, ...OPERATORS]) {
        const refusal = refusalOf(row, caller);
        const { status, code } = await codeOf(route, caller);
        const who = JSON.stringify(caller);
        if (refusal === undefined) expect(['unauthenticated', 'forbidden', 'environment-not-found', 'read-only-access'], `${who} gets ${status}`).not.to.include(code);
        else expect([status, code], who).to.deep.equal([{ unauthenticated: 401, 'environment-not-found': 404 }[refusal] ?? 403, refusal]);
      }
    });
  }

  it('keeps auditors and metrics from every engine, whatever they ask of it', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const role of [...ROLES, null]) {
        const { status } = await gateway.call(`${DOCKER}/containers/json`, { method, as: role });
        expect(status, `${method} as ${String(role)}`).to.equal(role === null ? 401 : role === 'admin' || role === 'operator' ? 200 : 403);
      }
    }
  });
});
