/** A bound on the bytes of polls holds, and all that is to outlive polls does. */
import { expect } from 'chai';
import type { EventDataByType } from '../../services/domain/events.ts';
import { openTestReadModel } from '../projections/read-model.ts';
import { startPollFleet } from './fleet-of-polls.ts';

const mebibyte = 1024 * 1024;
const isLong = process.env.HOMEPORT_TEST_LONG === '1';
/** Five million polls at the pace of 15,000 agents that poll every 5 s; in small a hundred thousand. */
const load = isLong ? { agents: 15_000, rounds: 334, limitMebibytes: 200 } : { agents: 500, rounds: 200, limitMebibytes: 4 };

describe('polls that are bounded in bytes', function () {
  this.timeout(isLong ? 1_800_000 : 60_000);

  it('stay under the bound, are counted to the last one, and leave every version, up and down behind', async () => {
    const { agents, rounds, limitMebibytes } = load;
    const limit = limitMebibytes * mebibyte;
    const fleet = await startPollFleet({ agents, settings: { pollRetentionBytes: limit } });
    try {
      for (let round = 0; round < rounds; round++) await fleet.round();
      const events = await fleet.end();
      const of = <Type extends keyof EventDataByType>(type: Type) => events.filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as EventDataByType[Type]);

      const decided = events.filter(({ stream }) => stream.startsWith('environment-'));
      expect(decided.map(({ type, data }) => ({ type, data: JSON.parse(data) as object }))).to.deep.equal(fleet.decisions);
      const summarised = of('PollsSummarised').flatMap(({ agents: some }) => some).reduce((sum, { count }) => sum + count, 0);
      const gone = of('PollsExpired').reduce((sum, { count }) => sum + count, 0);
      expect(gone + of('AgentPolled').length).to.equal(fleet.pollsMade);
      expect(gone).to.be.above(fleet.pollsMade / 2);
      expect(summarised).to.equal(fleet.pollsMade);
      expect(new Set(of('PollsExpired').map(({ limit: by }) => by))).to.deep.equal(new Set(['bytes']));

      const model = openTestReadModel();
      model.commit(events);
      const last = model.see(`env${String(rounds % agents).padStart(7, '0')}`);
      expect(last).to.deep.include({ status: 'up' });
      expect(last.agents[0]?.version).to.equal(`0.1.${String(rounds)}`);
      model.close();
      // The write-ahead log has a size of its own, which a large bound has room for.
      const { file, writeAheadLog } = fleet.peak;
      expect(file + (isLong ? writeAheadLog : 0), 'bytes of events.db').to.be.below(limit + (await fleet.bytesWithoutPolls()));
    } finally {
      await fleet.close();
    }
  });
});
