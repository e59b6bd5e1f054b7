/** When a poll call makes its polls. */
import { expect } from 'chai';
import { connectApi } from '../../agent/connection/api-client.ts';
import { trustAuthorities } from '../../agent/connection/trust.ts';
import { startPollCall } from '../../agent/polls/poll-call.ts';
import { agentSuite } from './support/agent-suite.ts';

describe('a poll call', () => {
  const suite = agentSuite();

  it('finds a moment of its own when it is told of another interval, so that a fleet that is told at once does not poll at once', async () => {
    const { controlPlane } = suite();
    controlPlane.answer = () => ({ pollIntervalMs: 3_600_000 });
    const target = { host: '127.0.0.1', port: controlPlane.port };
    const stopping = new AbortController();
    const client = await connectApi(target, undefined, trustAuthorities(target, controlPlane.certificate.caPem), stopping.signal);
    let made = 0;
    const call = startPollCall({
      client,
      request: () => ({ hello: undefined, sequence: (made += 1), confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: undefined }),
      answered: ({ pollIntervalMs }) => pollIntervalMs,
      intervalMs: 5000,
      // The first moment of the hour; the next poll is an hour later.
      random: () => 0,
      signal: stopping.signal,
    });
    try {
      expect((await controlPlane.polls.next()).request.sequence).to.equal(1);
      expect((await controlPlane.polls.next()).request.sequence).to.equal(2);
      expect(made).to.equal(2);
    } finally {
      stopping.abort();
      await call.ended;
      client.close();
    }
  });
});
