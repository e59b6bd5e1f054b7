/** Behind a real HAProxy: whose address is recorded, and whose word on it is not believed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { makeServerCertificate } from '../support/certificates.ts';
import { startProcess } from '../support/child-process.ts';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/ports.ts';
import { realPart, requireRealParts } from '../support/real-parts.ts';
import { startEngine } from '../agent/support/engine-double.ts';
import type { EngineDouble } from '../agent/support/engine-double.ts';
import { dockerPath, startSite } from './failures/support/site.ts';
import type { Site } from './failures/support/site.ts';

/** Where HAProxy calls from: any address of Linux's loopback will do, if it is not the clients'. */
const PROXY = '127.0.0.9';
const CLIENT = '127.0.0.1';

describe('behind HAProxy', function () {
  this.timeout(60_000);
  let site: Site | undefined;
  let engine: EngineDouble | undefined;
  let ports: { readonly api: number; readonly tunnels: number };

  before(async function () {
    requireRealParts(this, 'haproxy');
    site = await startSite({ flags: ['--trusted-proxy', '192.0.2.0/24', '--trusted-proxy', PROXY] });
    engine = await startEngine(path.join(site.folder, 'docker.sock'));
    ports = { api: await findFreePort(), tunnels: await findFreePort() };
    const { cert, key } = await makeServerCertificate();
    const config = path.join(site.folder, 'haproxy.cfg');
    writeFileSync(path.join(site.folder, 'haproxy.pem'), `${cert}\n${key}`);
    writeFileSync(path.join(site.folder, 'ca.pem'), site.server().ca());
    writeFileSync(config, configuration(site.folder, site.server()));
    site.own(startProcess(realPart('haproxy'), ['-db', '-f', config]));
    for (const port of Object.values(ports)) await eventually(`HAProxy on ${port}`, () => isListening(port));
  });
  after(async () => {
    await engine?.close();
    await site?.stop();
  });

  const running = (): Site => {
    if (site === undefined) throw new Error('only within a test');
    return site;
  };

  /** That of docs/operations.md, with this machine's places: one port, where agents are told apart from people, whose TLS ends there. */
  function configuration(folder: string, { httpsPort, tunnelPort }: { readonly httpsPort: number; readonly tunnelPort: number }): string {
    const places: Readonly<Record<string, string>> = {
      'bind :443': `bind 127.0.0.1:${ports.api}`,
      'bind :8000': `bind 127.0.0.1:${ports.tunnels}`,
      '10.0.0.5:9443': `127.0.0.1:${httpsPort} source ${PROXY}`,
      '10.0.0.5:8000': `127.0.0.1:${tunnelPort} source ${PROXY}`,
      '/run/haproxy/people.sock': path.join(folder, 'people.sock'),
      '/etc/haproxy/homeport.pem': path.join(folder, 'haproxy.pem'),
      '/etc/haproxy/homeport-ca.pem': path.join(folder, 'ca.pem'),
      'verifyhost homeport.example.com': 'verifyhost localhost',
    };
    let text = /^```\n(defaults\n[^]*?)^```$/m.exec(readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8'))?.[1] ?? '';
    for (const [documented, here] of Object.entries(places)) {
      expect(text).to.include(documented);
      text = text.replaceAll(documented, here);
    }
    return text;
  }

  /** The address that a refused sign-in over this port is recorded with. */
  async function recordedAddress(port: number, username: string, headers: Readonly<Record<string, string>>, localAddress = CLIENT): Promise<unknown> {
    const body = JSON.stringify({ username, password: 'no-such-password' });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, localAddress, path: '/api/v1/sessions', method: 'POST', rejectUnauthorized: false, agent: false, headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } },
        (response) => resolve(response.resume().statusCode),
      );
      sent.once('error', reject).end(body);
    });
    expect(status).to.equal(401);
    const [event] = (await running().api.events('type=SignInRefused')).slice(-1);
    return event?.data.address;
  }

  it('records the address that HAProxy saw, not what its client says of itself', async () => {
    expect(await recordedAddress(ports.api, 'one', {}, '127.0.0.5')).to.equal('127.0.0.5');
    expect(await recordedAddress(ports.api, 'two', { 'x-forwarded-for': '203.0.113.7' }, '127.0.0.5')).to.equal('127.0.0.5');
  });

  it('believes the header from nobody else', async () => {
    const { httpsPort } = running().server();
    expect(await recordedAddress(httpsPort, 'four', { 'x-forwarded-for': '203.0.113.7' }, '127.0.0.5')).to.equal('127.0.0.5');
  });

  it('serves agents that poll and open tunnels through it, under their own address', async () => {
    const { api, folder, startAgent } = running();
    const environment = await api.createEnvironment({ name: 'site', address: `localhost:${ports.api}`, tunnelAddress: `localhost:${ports.tunnels}` });
    startAgent(environment, { DOCKER_HOST: `unix://${folder}/docker.sock` });
    const answer = await eventually('a call through the tunnel', async () => {
      const called = await api.call('GET', dockerPath(environment, '/version'));
      return called.status === 200 ? called : undefined;
    });
    expect(String(answer.body)).to.contain('28.2.2');
    const events = await api.events(`environment=${environment.id}`);
    for (const type of ['AgentAssociated', 'TunnelOpened']) expect(events.find((event) => event.type === type)?.data.address, type).to.equal(CLIENT);
  });
});

function isListening(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
