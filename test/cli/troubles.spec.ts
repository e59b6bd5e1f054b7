/** What is wrong now, and what was. */
import { expect } from 'chai';
import { whyNoTunnel } from '../../services/cli/connect/waiting-notes.ts';
import type { Environment } from '../../services/cli/rest/environments.ts';
import { troublesOf } from '../../services/cli/rest/troubles.ts';

const early = '2026-01-31T12:00:00.000Z';
const late = '2026-01-31T13:00:00.000Z';
const rejected = (at: string) => ({ reason: 'token-rotated', address: '192.0.2.1', at });
const tunnelFailure = { reason: 'connection-refused', detail: 'nothing listens', at: early };

function environment(heartbeat: Environment['heartbeat'], lastRejected: Environment['association']['lastRejected'], tunnel: Environment['tunnel']): Environment {
  return { name: 'mill', heartbeat, association: { duplicates: [], lastRejected }, tunnel } as unknown as Environment;
}

describe('troubles', () => {
  it('that are over are not shown as if they were there', () => {
    const well = environment({ state: 'up', lastPolledAt: late, lastFailure: { reason: 'heartbeat-lost', at: early } }, rejected(early), { state: 'closed', since: late, lastFailure: tunnelFailure });
    expect(troublesOf(well)).to.deep.equal({
      polls: null,
      refused: null,
      tunnel: null,
      past: [`heartbeat-lost at ${early}`, `refused: token-rotated, from 192.0.2.1 at ${early}`, `tunnel: connection-refused at ${early}: nothing listens`],
    });
  });

  it('that are there are', () => {
    const ill = environment({ state: 'down', lastPolledAt: early, lastFailure: { reason: 'heartbeat-lost', at: late } }, rejected(late), { state: 'required', since: late, lastFailure: tunnelFailure });
    expect(troublesOf(ill)).to.deep.equal({
      polls: `heartbeat-lost at ${late}`,
      refused: `token-rotated, from 192.0.2.1 at ${late}`,
      tunnel: `connection-refused at ${early}: nothing listens`,
      past: [],
    });
  });

  it('are named to whoever waits for a tunnel, the likeliest first', () => {
    const required = { state: 'required', since: late, lastFailure: null };
    const up = { state: 'up', lastPolledAt: late, lastFailure: null };
    const why = (one: Environment, tunnel = one.tunnel) => whyNoTunnel(one, tunnel);
    expect(why(environment({ ...up, lastPolledAt: early }, rejected(late), required))).to.equal(`an agent of mill was refused and none was let in since: token-rotated, from 192.0.2.1 at ${late}`);
    expect(why(environment({ state: 'never', lastPolledAt: null, lastFailure: null }, null, required))).to.equal('the agent of mill has never polled');
    expect(why(environment({ state: 'down', lastPolledAt: early, lastFailure: { reason: 'heartbeat-lost', at: late } }, null, required))).to.equal(`the agent of mill has not polled since ${early}`);
    expect(why(environment(up, null, { ...required, lastFailure: tunnelFailure }))).to.include('could not open a tunnel: nothing listens');
    expect(why(environment(up, null, { ...required, state: 'opening' }))).to.include(`was told to open a tunnel at ${late} and has not answered`);
    expect(why(environment(up, rejected(early), required))).to.include('was not told yet');
  });
});
