/** What ties a request to what it causes: in its answer, in the record, and in one line of log. */
import { expect } from 'chai';
import { pino } from 'pino';
import { eventually } from '../../support/eventually.ts';
import type { EndedDockerCall, EndedRequest } from '../../../web-gateway/gateway-metrics.ts';
import { startHttpEngine, type FakeEngine } from '../support/fake-engine.ts';
import { DOCKER, startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const OURS = '0f8b6a7e-5d0f-4d4a-9a63-6f6d7a3c8a11';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Line extends Record<string, unknown> {
  readonly msg: string;
}

describe('a request and all it causes', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;
  let lines: Line[];
  let requests: EndedRequest[];
  let calls: EndedDockerCall[];

  beforeEach(async () => {
    [lines, requests, calls] = [[], [], []];
    gateway = await startGateway({
      logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) }),
      metrics: { requestEnded: (one) => void requests.push(one), dockerCallEnded: (one) => void calls.push(one), streamOpened: () => () => undefined, exposition: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'homeport_polls_total 7\n' }) },
    });
    engine = await startHttpEngine(gateway.enginePath, (req, res) => {
      res.setHeader('Homeport-Correlation-Id', 'of the engine');
      res.end(JSON.stringify(req.headers));
    });
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  const logged = (msg: string): Promise<Line> => eventually(`a line "${msg}"`, () => lines.find((line) => line.msg === msg));

  it('has an id of its own, and the caller’s where it sends a UUID', async () => {
    const plain = await gateway.call('/api/v1/environments');
    const own = String(plain.headers['homeport-request-id']);
    expect(own).to.match(UUID);
    expect(plain.headers['homeport-correlation-id']).to.equal(own);
    const sent = await gateway.call('/api/v1/environments', { headers: { 'homeport-correlation-id': OURS.toUpperCase() } });
    expect(sent.headers['homeport-correlation-id']).to.equal(OURS);
    expect(sent.headers['homeport-request-id']).to.match(UUID).and.not.equal(OURS);
  });

  for (const [what, value] of Object.entries({ 'is no UUID': 'order-66', 'holds more than one': `${OURS}, ${OURS}`, 'would write a line of its own': `${OURS}%0a{}` })) {
    it(`does not take a correlation id that ${what}`, async () => {
      const { headers } = await gateway.call('/api/v1/environments', { headers: { 'homeport-correlation-id': value } });
      expect(headers['homeport-correlation-id']).to.equal(headers['homeport-request-id']);
    });
  }

  it('does not take one from a stranger, who would choose what stands in the record', async () => {
    for (const path of ['/api/v1/environments', '/healthz']) {
      const { headers } = await gateway.call(path, { as: null, headers: { 'homeport-correlation-id': OURS } });
      expect(headers['homeport-correlation-id'], path).to.equal(headers['homeport-request-id']);
    }
  });

  it('stands in one line of log, without query, header or body', async () => {
    await gateway.call('/api/v1/environments/env9?node=s3cret', { headers: { 'homeport-correlation-id': OURS } });
    const line = await logged('request');
    expect(line).to.deep.include({ correlationId: OURS, method: 'GET', path: '/api/v1/environments/env9', status: 400, actor: 'user:the-admin', address: '192.0.2.7' });
    expect(line['requestId']).to.match(UUID);
    expect(line['durationMs']).to.be.a('number');
    expect(JSON.stringify(lines)).to.not.match(/s3cret|hp_/);
    expect(requests.map(({ method, route, status }) => ({ method, route, status }))).to.deep.equal([{ method: 'GET', route: '/api/v1/environments/:id', status: 400 }]);
  });

  it('is measured under "none" where nothing is at its address, so that guesses make no series', async () => {
    await gateway.call('/wp-login.php');
    await eventually('the measurement', () => requests[0]);
    expect(requests[0]).to.include({ route: 'none', status: 404 });
  });

  it('is of no interest where a machine asks every few seconds', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/metrics']) await gateway.call(path);
    await gateway.call('/api/v1/environments');
    expect((await logged('request'))['path']).to.equal('/api/v1/environments');
  });

  it('of the Docker proxy too: in the answer, in the record and in the log, and the engine has no word in it', async () => {
    const answer = await gateway.call(`${DOCKER}/containers/json?all=1`, { headers: { 'homeport-correlation-id': OURS } });
    expect(answer.headers['homeport-correlation-id']).to.equal(OURS);
    expect(answer.json).to.not.have.property('homeport-correlation-id');
    const line = await logged('docker call');
    expect(line).to.deep.include({ correlationId: OURS, method: 'GET', environmentId: 'e1', path: '/containers/json?all=1', status: 200, actor: 'user:the-admin', bytesReceived: answer.body.length });
    const entry = gateway.activity.entries.find(({ what }) => what === 'proxied');
    // Two calls with one correlation id are two calls.
    expect(entry?.call.callId).to.equal(line['requestId']).and.not.equal(OURS);
    expect(entry).to.include({ correlationId: OURS });
    expect(calls).to.have.length(1);
    expect(calls[0]).to.include({ kind: 'call', outcome: 'answered' });
  });

  it('of the Docker proxy that failed: with the code', async () => {
    const { headers, status } = await gateway.call(`${DOCKER}/info`, { as: 'auditor' });
    expect(status).to.equal(403);
    expect(await logged('docker call')).to.deep.include({ correlationId: headers['homeport-correlation-id'], status: 403, failure: 'forbidden' });
    expect(calls[0]).to.include({ kind: 'call', outcome: 'forbidden' });
  });

  it('gives the metrics to who may have them', async () => {
    const { text, headers } = await gateway.call('/metrics', { as: 'metrics' });
    expect([text, headers['content-type']]).to.deep.equal(['homeport_polls_total 7\n', 'text/plain; version=0.0.4']);
  });
});
