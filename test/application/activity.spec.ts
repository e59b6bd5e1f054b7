/** What a restarted control plane says of the calls that its earlier process left without an end. */
import { expect } from 'chai';
import { type Harness, startHarness } from './harness.ts';

describe('calls that a killed server left without an end', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => harness.close());

  const interruptions = async () => (await harness.events()).filter(({ type }) => type === 'ActivityInterrupted');

  it('are said to be over before any other is recorded, in the stream that tells of them', async () => {
    const key = { environmentId: 'a', node: null };
    const context = { actor: 'user:ann', correlationId: '00000000-0000-4000-8000-000000000001' };
    const start = ({ activity }: Harness['app'], callId: string) => activity.callStarted({ key, callId, method: 'POST', path: '/exec/x/start' }, context);
    await start(harness.app, 'before');
    harness.kill();
    const asked: string[] = [];
    const again = await harness.restart({
      hasCallsUnderWay(stream) {
        asked.push(stream);
        return Promise.resolve(true);
      },
    });
    await start(again, 'after');
    const told = (await harness.events()).filter(({ stream }) => stream.startsWith('activity-'));
    expect(told.map(({ type }) => type)).to.deep.equal(['ApiCallStarted', 'ActivityInterrupted', 'ApiCallStarted']);
    expect(asked).to.deep.equal([told[0]?.stream]);
  });

  it('are not spoken of where there are none', async () => {
    harness.kill();
    await harness.restart();
    expect(await interruptions()).to.deep.equal([]);
  });
});
