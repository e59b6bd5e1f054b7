/** Rebuilding the read models over REST: progress as lines, and its end. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { ProjectionsError } from '../../../projections/port.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const REBUILD = '/api/v1/projections/rebuild';
const linesOf = (text: string): unknown[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);

describe('rebuilding the read models over REST', () => {
  let gateway: GatewayFixture;
  afterEach(() => gateway.close());

  it('tells its progress, a line each, and when it is done', async () => {
    gateway = await startGateway();
    const answer = await gateway.call(REBUILD, { method: 'POST' });
    expect(answer.headers['content-type']).to.equal('application/x-ndjson');
    expect(linesOf(answer.text)).to.deep.equal([{ events: 0, share: 0 }, { events: 5, share: 0.5 }, { events: 10, share: 1, rebuilt: true }]);
  });

  it('tells why it failed', async () => {
    const { fleet, ...rest } = await startGateway();
    await rest.close();
    const rebuild = () => Promise.reject(new ProjectionsError('projections-failed', 'the read models stopped: disk full'));
    gateway = await startGateway({ projections: { ...fleet.projections, rebuild } });
    const lines = linesOf((await gateway.call(REBUILD, { method: 'POST' })).text) as { problem?: object }[];
    expect(lines.at(-1)?.problem).to.include({ code: 'projections-unavailable', detail: 'The read models stopped: disk full.' });
  });

  it('is cancelled by whoever asked, by breaking the connection', async () => {
    let reason: unknown;
    const { fleet, ...rest } = await startGateway();
    await rest.close();
    const cancelled = Promise.withResolvers<undefined>();
    gateway = await startGateway({
      projections: {
        ...fleet.projections,
        rebuild: (_onProgress, signal) =>
          new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => {
              reason = signal.reason;
              cancelled.resolve(undefined);
              reject(signal.reason as Error);
            }),
          ),
      },
    });
    const request = gateway.open(REBUILD, { method: 'POST' }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined).destroy();
    await cancelled.promise;
    expect(String(reason)).to.contain('the client has gone');
  });
});
