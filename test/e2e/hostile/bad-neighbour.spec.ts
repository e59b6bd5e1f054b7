/** Fifty good agents behind one address, and a bad neighbour at work there on both ports, from before they come until they have gone. */
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { type AgentFleet, startAgentFleet } from '../../support/fleet/agent-fleet.ts';
import { digestOf, knownBytes } from '../../support/fleet/known-bytes.ts';
import { bytesPath } from '../../support/fleet/verifiable-engine.ts';
import type { CreatedEnvironment } from '../failures/support/api.ts';
import { accountsOf } from '../failures/support/poll-accounts.ts';
import { dockerPath, startSite, type Site } from '../failures/support/site.ts';
import { type BadNeighbour, startBadNeighbour } from './support/bad-neighbour.ts';

const isLong = process.env.HOMEPORT_TEST_LONG === '1';
const AGENTS = 50;
/** Of each agent, while the neighbour is at work. */
const POLLS = isLong ? 12 : 6;

describe('fifty good agents behind the same address as a bad one', function () {
  this.timeout(120_000);
  let site: Site;
  let environments: readonly CreatedEnvironment[];
  let neighbour: BadNeighbour | undefined;
  let fleet: AgentFleet | undefined;

  before(async () => {
    site = await startSite();
    const created = await Promise.all(Array.from({ length: AGENTS }, (_, index) => site.api.createEnvironment({ name: `agent${index}`, pollIntervalSeconds: 1 })));
    environments = created;
    const { httpsPort, tunnelPort } = site.server();
    neighbour = await startBadNeighbour({ https: httpsPort, tunnel: tunnelPort }, created.map(({ id }) => id));
    fleet = startAgentFleet({ folder: site.folder, agents: created.map(({ name, issuedEdgeId, joinToken }) => ({ name, edgeId: issuedEdgeId, edgeKey: joinToken })) });
  });
  after(async () => {
    await neighbour?.stop();
    await fleet?.stop();
    await site.stop();
  });

  /** What each engine answers, all asked at once. */
  async function askAll(name: string): Promise<readonly string[]> {
    const length = 20_000;
    const right = digestOf(knownBytes(name, length));
    return Promise.all(
      environments.map(async (environment) => {
        const answer = await site.api.open('GET', dockerPath(environment, bytesPath(name, length)));
        const bytes = await buffer(answer);
        return digestOf(bytes) === right ? 'right' : `${answer.statusCode ?? 0} ${bytes.subarray(0, 200).toString()}`;
      }),
    );
  }
  const allRight = Array.from({ length: AGENTS }, () => 'right');

  it('are all let in, open their tunnels whenever they are asked, have all polls answered, lose nothing, and have nothing to complain of', async () => {
    await eventually(
      'all of them to be up',
      async () => (((await site.api.call('GET', '/environments?status=up&limit=1')).body as { readonly total: number }).total === AGENTS ? true : undefined),
      30_000,
    );
    expect(await askAll('first')).to.deep.equal(allRight);
    await Promise.all(environments.map(({ id }) => site.api.call('DELETE', `/environments/${id}/connection`)));
    expect(await askAll('second')).to.deep.equal(allRight);
    expect(await askAll('third')).to.deep.equal(allRight);

    // One reading for all of them: to ask for those of each would read the whole record fifty times.
    const recorded = await eventually(
      `${POLLS} polls of each`,
      async () => {
        const those = Map.groupBy(await site.api.events(), ({ data }) => data.environmentId);
        const polls = environments.map(({ id }) => those.get(id)?.filter(({ type }) => type === 'AgentPolled').length ?? 0);
        return Math.min(...polls) >= POLLS ? those : undefined;
      },
      30_000,
    );
    for (const { id } of environments) {
      const events = recorded.get(id) ?? [];
      expect(events.map(({ type }) => type)).to.not.include.oneOf(['PollsLost', 'HeartbeatLost', 'TunnelLost', 'TunnelOpenFailed', 'TunnelCredentialsExpired', 'DuplicateAgentDetected']);
      expect(events.filter(({ type }) => type === 'TunnelOpened')).to.have.length(2);
      expect([...accountsOf(events).values()].map(({ wrong }) => wrong)).to.deep.equal([[]]);
    }
    expect(fleet?.complaints()).to.deep.equal([]);
    // All the while the neighbour was at work, and was turned away.
    expect(neighbour?.turnedAway()).to.be.above(200);
    expect(neighbour?.guesses()).to.be.above(100);
  });
});
