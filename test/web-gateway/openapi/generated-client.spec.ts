/** A script that knows nothing but openapi.json: a client made from it reaches an engine. */
import { Agent } from 'node:https';
import { expect } from 'chai';
import { OpenAPIClientAxios, type OpenAPIClient } from 'openapi-client-axios';
import { startFleet, type Fleet } from '../../../agent/fleet/fleet.ts';
import { createRest, signInByRest } from '../../e2e/docker/support/rest.ts';
import { eventually } from '../../support/eventually.ts';
import { startHomeport, type HomeportServer } from '../../support/homeport.ts';

describe('a client generated from the description', function () {
  this.timeout(60_000);
  let server: HomeportServer;
  let fleet: Fleet | undefined;

  before(async () => {
    server = await startHomeport();
  });
  after(async () => {
    await fleet?.stop();
    await server.remove();
  });

  it('creates an environment, connects it, lists its containers, and reads what happened', async () => {
    const { apiKey } = await signInByRest(server);
    const definition = JSON.parse((await createRest(server).call('GET', '/api/v1/openapi.json')).body) as ConstructorParameters<typeof OpenAPIClientAxios>[0]['definition'];
    const agent = new Agent({ ca: server.ca() });
    const api = new OpenAPIClientAxios({ definition, withServer: { url: server.url }, axiosConfigDefaults: { httpsAgent: agent, headers: { authorization: `Bearer ${apiKey}` } } });
    const client: OpenAPIClient = await api.init();
    const ask = async (name: string, ...args: unknown[]): Promise<Record<string, unknown>> => {
      const operation = client[name] as ((...given: unknown[]) => Promise<{ readonly data: Record<string, unknown> }>) | undefined;
      if (operation === undefined) throw new Error(`the client has no operation ${name}`);
      return (await operation(...args)).data;
    };
    const address = { address: `localhost:${String(server.httpsPort)}`, tunnelAddress: `localhost:${String(server.tunnelPort)}`, allowLoopback: true };
    const { id, issuedEdgeId, joinToken } = await ask('createEnvironment', null, { name: 'generated', ...address });
    fleet = await startFleet({ agents: [{ name: 'generated', edgeId: String(issuedEdgeId), joinToken: String(joinToken), bringsSnapshots: true }], trust: { kind: 'binding' }, joinMs: 0 });
    await eventually('the agent to be up', async () => ((await ask('showEnvironment', { id }))['status'] === 'up' ? true : undefined));
    expect(await ask('selectEnvironment', { id, waitSeconds: 10 })).to.include({ state: 'open' });
    const containers = await eventually('its snapshot', async () => {
      const { items } = (await ask('searchContainers', { environment: id })) as { readonly items: readonly { readonly environment: { readonly id: string } }[] };
      return items.length > 0 ? items : undefined;
    });
    expect(new Set(containers.map(({ environment }) => environment.id))).to.deep.equal(new Set([id]));
    const { items } = (await ask('listEnvironmentTimeline', { id })) as { readonly items: readonly { readonly type: string }[] };
    expect(items.map(({ type }) => type)).to.include.members(['EnvironmentCreated', 'AgentAssociated', 'TunnelOpened', 'SnapshotRecorded']);
    agent.destroy();
  });
});
