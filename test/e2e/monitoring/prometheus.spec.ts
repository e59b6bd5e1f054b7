/** A real Prometheus scrapes a server with an agent, as docs/examples says; promtool judges what it is given. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startEngine } from '../../agent/support/engine-double.ts';
import { runProcess, startProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { findFreePort } from '../../support/ports.ts';
import { realPart, requireRealParts } from '../../support/real-parts.ts';
import { dockerPath, startSite } from '../failures/support/site.ts';
import type { Site } from '../failures/support/site.ts';

const examples = fileURLToPath(new URL('../../../docs/examples/', import.meta.url));

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

describe('Prometheus', function () {
  this.timeout(60_000);
  let site: Site;
  /** What a failed hook began ends too. */
  const endings: (() => Promise<void>)[] = [];
  let metricsKey: string;
  let prometheus: string;

  before(async function () {
    requireRealParts(this, 'prometheus', 'promtool');
    site = await startSite({ flags: ['--audit-port', '0'] });
    endings.push(site.stop);
    const engine = await startEngine(path.join(site.folder, 'docker.sock'));
    endings.push(() => engine.close());
    metricsKey = await keyOf('metrics');
    const environment = await site.api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    await site.api.createEnvironment({ name: 'spare' });
    site.startAgent(environment, { DOCKER_HOST: `unix://${path.join(site.folder, 'docker.sock')}` });
    await eventually('a call through the tunnel', async () => ((await site.api.call('GET', dockerPath(environment, '/version'))).status === 200 ? true : undefined));
    expect((await site.api.call('GET', '/environments/none')).status).to.equal(404);
    prometheus = await startPrometheus();
  });
  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  async function keyOf(role: string): Promise<string> {
    return ((await site.api.call('POST', '/api-keys', { name: role, role })).body as { readonly secret: string }).secret;
  }

  /** The example's own configuration, with this server's places, and a shorter interval. */
  async function startPrometheus(): Promise<string> {
    const folder = path.join(site.folder, 'prometheus');
    const port = await findFreePort();
    mkdirSync(folder);
    const [config, key, ca] = ['prometheus.yml', 'key', 'ca.pem'].map((name) => path.join(folder, name)) as [string, string, string];
    writeFileSync(key, metricsKey);
    writeFileSync(ca, site.server().ca());
    const places = { '15s': '500ms', 'prometheus-alerts.yml': path.join(examples, 'prometheus-alerts.yml'), '/etc/prometheus/homeport-api-key': key, '/etc/prometheus/homeport-ca.pem': ca, 'homeport.example.com:9443': `localhost:${site.server().httpsPort}` };
    let text = readFileSync(path.join(examples, 'prometheus.yml'), 'utf8').replace(/^ *#.*\n/gm, '');
    for (const [example, here] of Object.entries(places)) {
      expect(text).to.include(example);
      text = text.replace(example, here);
    }
    writeFileSync(config, text);
    site.own(startProcess(realPart('prometheus'), [`--config.file=${config}`, `--storage.tsdb.path=${path.join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]));
    return `http://127.0.0.1:${port}`;
  }

  async function ask(query: string): Promise<readonly Sample[]> {
    const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
    return ((await answer.json()) as { readonly data: { readonly result: readonly Sample[] } }).data.result;
  }
  const valueOf = async (query: string): Promise<number | undefined> => {
    const [sample] = await ask(query);
    return sample === undefined ? undefined : Number(sample.value[1]);
  };
  const until = (query: string, isRight: (value: number) => boolean): Promise<number> =>
    eventually(`${query} in Prometheus`, async () => {
      const value = await valueOf(query);
      return value !== undefined && isRight(value) ? value : undefined;
    });

  async function scrape(key: string | undefined): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
    const { code, stdout } = await runProcess('curl', ['-s', '--cacert', path.join(site.server().dataDir, 'tls', 'ca.pem'), ...(key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`]), '-w', '\n%{http_code} %{content_type}', `${site.server().url}/metrics`]);
    expect(code).to.equal(0);
    const [, text = '', status = '', type = ''] = /^([^]*)\n(\d+) (.*)$/.exec(stdout) ?? [];
    return { status: Number(status), type, text };
  }

  it('scrapes the server, and finds the fleet, its tunnel and what went through it', async () => {
    await until('up{job="homeport"}', (value) => value === 1);
    await until('homeport_environments{status="up"}', (value) => value === 1);
    await until('homeport_environments{status="unassociated"}', (value) => value === 1);
    await until('homeport_agents_connected', (value) => value === 1);
    await until('homeport_tunnels{state="open"}', (value) => value === 1);
    await until('homeport_tunnels_opened_total', (value) => value === 1);
    await until('homeport_tunnel_open_duration_seconds_count', (value) => value === 1);
    await until('homeport_channels_opened_total', (value) => value >= 1);
    await until('homeport_tunnel_received_bytes_total', (value) => value > 100);
    await until('homeport_tunnel_sent_bytes_total', (value) => value > 50);
    await until('homeport_docker_call_duration_seconds_count{outcome="answered"}', (value) => value >= 1);
    await until('homeport_http_request_duration_seconds_count{route="/api/v1/environments/:id",method="GET",status="404"}', (value) => value === 1);
    await until('homeport_event_store_append_duration_seconds_count', (value) => value > 5);
    await until('homeport_audit_readers', (value) => value === 0);
    await until('homeport_projections_lag_seconds', (value) => value < 5);
    await until('homeport_projections_lag_events', (value) => value < 50);
    const polls = await until('homeport_polls_total', (value) => value > 0);
    await until('homeport_polls_total', (value) => value > polls);
    for (const quiet of ['homeport_polls_lost_total', 'sum(homeport_poll_rejections_total)', 'sum(homeport_tunnels_lost_total)']) expect(await valueOf(quiet), quiet).to.equal(0);
    for (const well of ['homeport_event_store_available', 'homeport_projections_live', 'homeport_build_info']) expect(await valueOf(well), well).to.equal(1);
    expect(await valueOf('homeport_certificate_expiry_timestamp_seconds - time()')).to.be.above(300 * 86_400);
    expect(await valueOf('homeport_data_available_bytes / homeport_data_size_bytes')).to.be.within(0, 1);
    expect(await ask('ALERTS{alertname!~"HomeportDiskFilling|HomeportEventLoopSlow"}')).to.deep.equal([]);
  });

  it('counts a refused poll by its reason', async () => {
    const environment = await site.api.createEnvironment({ name: 'refused' });
    expect((await site.api.call('POST', `/environments/${environment.id}/rotate-token`)).status).to.equal(200);
    const agent = site.startAgent(environment, { DOCKER_HOST: `unix://${path.join(site.folder, 'docker.sock')}`, DATA_PATH: path.join(site.folder, 'refused') });
    await agent.waitFor(/"code":"token-rotated"/);
    await until('homeport_poll_rejections_total{reason="token-rotated"}', (value) => value >= 1);
    await agent.stop();
  });

  it('is let in by a key of the role metrics, and by none at all it is not', async () => {
    expect(await scrape(metricsKey)).to.include({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect((await scrape(undefined)).status).to.equal(401);
  });

  it('promtool has nothing to say against the metrics, the configuration and the alerts', async () => {
    const { text } = await scrape(metricsKey);
    const metrics = await runProcess(realPart('promtool'), ['check', 'metrics'], { input: text });
    expect([metrics.code, metrics.stdout, metrics.stderr]).to.deep.equal([0, '', '']);
    const rules = await runProcess(realPart('promtool'), ['check', 'rules', '--lint=all', '--lint-fatal', path.join(examples, 'prometheus-alerts.yml')]);
    expect(rules.code, rules.stdout + rules.stderr).to.equal(0);
    const tests = path.join(site.folder, 'alerts.test.yml');
    writeFileSync(tests, readFileSync(new URL('./alerts.test.yml', import.meta.url), 'utf8').replace('ALERTS', path.join(examples, 'prometheus-alerts.yml')));
    const tested = await runProcess(realPart('promtool'), ['test', 'rules', tests]);
    expect(tested.code, tested.stdout + tested.stderr).to.equal(0);
  });
});
