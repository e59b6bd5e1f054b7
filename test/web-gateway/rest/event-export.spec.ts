/** Exports over REST: whole, or seen to be cut; and no more at once than may. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { EventExports } from '../../../services/application/ports/history.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeExports, type FakeExports } from '../support/fake-records.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const EXPORT = '/api/v1/events/export';

describe('exports over REST', () => {
  let gateway: GatewayFixture;
  let exports: FakeExports;
  beforeEach(async () => {
    exports = createFakeExports({ isHeld: true });
    gateway = await startGateway({ eventExports: exports, limits: { exports: 1 } });
  });
  afterEach(() => gateway.close());

  const begin = async (query = ''): Promise<IncomingMessage> => {
    const [answer] = (await once(gateway.open(`${EXPORT}${query}`, { as: 'auditor' }).end(), 'response')) as [IncomingMessage];
    return answer;
  };

  it('come as they are made, of what is asked for', async () => {
    const answer = await begin('?category=tunnel&withoutPolls=true&from=2026-02-03T04:05:06Z');
    exports.goOn();
    expect([answer.statusCode, answer.headers['content-type'], await text(answer)]).to.deep.equal([200, 'application/x-ndjson', '{"homeport":"events"}\n{"end":{}}\n']);
    expect(exports.asked).to.deep.equal([{ categories: ['tunnel'], withoutPolls: true, changesOnly: false, from: '2026-02-03T04:05:06.000Z' }]);
    expect((await gateway.call(`${EXPORT}?order=desc`)).json).to.include({ status: 400, code: 'invalid-request' });
  });

  it('break off where they can’t go on, so that nobody takes a part for the whole', async () => {
    const answer = await begin();
    exports.fail();
    expect(await text(answer).then(() => 'whole', (error: unknown) => (error as { readonly code?: unknown }).code)).to.equal('ECONNRESET');
  });

  it('end where nobody takes them', async () => {
    let isEnded = false;
    const endless: EventExports = {
      async *export() {
        try {
          for (;;) yield Buffer.alloc(1024 * 1024);
        } finally {
          isEnded = true;
        }
      },
    };
    const other = await startGateway({ eventExports: endless, limits: { downloadStallMs: 50 } });
    try {
      const [answer] = (await once(other.open(EXPORT).end(), 'response')) as [IncomingMessage];
      answer.on('error', () => undefined).pause();
      expect(await eventually('its end', () => (isEnded ? true : undefined))).to.equal(true);
    } finally {
      await other.close();
    }
  });

  it('that are refused for what they ask take nobody’s place', async () => {
    const refusing: EventExports = {
      export() {
        throw new ApplicationError('unknown-event-type', 'there is no event type Nope');
      },
    };
    const other = await startGateway({ eventExports: refusing, limits: { exports: 1 } });
    try {
      for (let time = 0; time < 2; time += 1) expect((await other.call(`${EXPORT}?type=Nope`)).json).to.include({ status: 400, code: 'unknown-event-type' });
      expect(other.accounts.heldOf('admin'), 'leases of a session').to.equal(0);
    } finally {
      await other.close();
    }
  });

  it('of one account leave room for others, however slowly they are taken', async () => {
    const held = createFakeExports({ isHeld: true });
    const other = await startGateway({ eventExports: held, limits: { exports: 2, exportsOfOne: 1 } });
    try {
      const [slow] = (await once(other.open(EXPORT, { as: 'auditor' }).end(), 'response')) as [IncomingMessage];
      const refused = await other.call(EXPORT, { as: 'auditor' });
      expect([refused.status, refused.json['code'], refused.json['detail']]).to.deep.equal([503, 'too-many-exports', 'As many of your exports run as may (1). Try again when one has ended.']);
      const [another] = (await once(other.open(EXPORT).end(), 'response')) as [IncomingMessage];
      held.goOn();
      expect([await text(slow), await text(another)]).to.deep.equal(Array(2).fill('{"homeport":"events"}\n{"end":{}}\n'));
    } finally {
      await other.close();
    }
  });

  it('are as many at once as may; who leaves makes room', async () => {
    const answer = await begin();
    const refused = await gateway.call(EXPORT);
    expect([refused.status, refused.json['code'], refused.headers['retry-after']]).to.deep.equal([503, 'too-many-exports', '30']);
    answer.on('error', () => undefined).destroy();
    exports.goOn();
    expect(await eventually('room', async () => ((await gateway.call(EXPORT)).status === 200 ? true : undefined))).to.equal(true);
  });
});
