/** The agent behind a proxy. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { isProxyBypassed } from '../../agent/connection/no-proxy.ts';
import { chooseProxy } from '../../agent/connection/proxy.ts';
import { sealCredentials } from '../../proto/sealed-credentials.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import { startTunnelServer } from './support/tunnel-server.ts';

describe('agent behind a proxy', () => {
  const suite = agentSuite();

  it('polls, proves certificates, pins and opens tunnels through it, and nothing goes around it', async () => {
    const { controlPlane, agent, after } = suite();
    const proxy = await startConnectProxy();
    after(() => proxy.stop());
    const tunnelServer = await startTunnelServer(controlPlane.identity);
    after(() => tunnelServer.stop());
    controlPlane.answer = () => {
      const message = { credentialsId: 'c1', secret: randomBytes(32), tunnelAddress: `127.0.0.1:${tunnelServer.port}`, validForMs: 10_000 };
      return { required: [{ sealed: sealCredentials(message, { joinSecret: controlPlane.joinSecret, edgeId: EDGE_ID }) }] };
    };
    agent({ edgeInsecurePoll: '1', httpsProxy: `http://user:pass%20word@127.0.0.1:${proxy.port}` });
    await tunnelServer.opened.next();
    const [api, tunnel] = [`127.0.0.1:${controlPlane.port}`, `127.0.0.1:${tunnelServer.port}`];
    expect(proxy.asked.map(({ target }) => target)).to.deep.equal([api, api, tunnel, tunnel]);
    expect(new Set(proxy.asked.map(({ authorization }) => authorization))).to.deep.equal(new Set([`Basic ${Buffer.from('user:pass word').toString('base64')}`]));
  });

  it('goes around it where NO_PROXY says so', async () => {
    const { controlPlane, agent } = suite();
    agent({ edgeInsecurePoll: '1', httpsProxy: 'http://127.0.0.1:1', noProxy: 'example.org, 127.0.0.0/8' });
    expect((await controlPlane.polls.next()).request.sequence).to.equal(1);
  });

  it('says what to do where the proxy refuses, and where there is none, and hides its password', async () => {
    const { agent, after } = suite();
    const proxy = await startConnectProxy({ status: 403 });
    after(() => proxy.stop());
    const refused = agent({ httpsProxy: `http://user:secretword@127.0.0.1:${proxy.port}` });
    const line = await refused.log.lines.first(({ code }) => code === 'proxy-refused');
    expect(line.msg).to.match(/NO_PROXY/);
    expect(line.detail).to.match(/403/);
    expect(refused.log.text()).to.not.contain('secretword');
    const absent = agent({ httpsProxy: 'http://127.0.0.1:1' });
    await absent.log.lines.first(({ code }) => code === 'proxy-unreachable');
  });
});

describe('NO_PROXY', () => {
  const target = (host: string, port = 9443): { host: string; port: number } => ({ host, port });

  it('names hosts, domains, addresses and networks', () => {
    const list = 'Homeport.Example,.corp.example, *.lab.example,192.0.2.7,10.0.0.0/8,2001:db8::/32,only.example:8000';
    for (const host of ['homeport.example', 'a.homeport.example', 'corp.example', 'x.corp.example', 'y.lab.example', '192.0.2.7', '10.1.2.3', '2001:db8::1']) {
      expect(isProxyBypassed(list, target(host)), host).to.equal(true);
    }
    for (const host of ['nothomeport.example', 'example', '192.0.2.70', '11.0.0.1', '2001:db9::1', 'only.example']) {
      expect(isProxyBypassed(list, target(host)), host).to.equal(false);
    }
    expect(isProxyBypassed(list, target('only.example', 8000))).to.equal(true);
    expect(isProxyBypassed('localhost  homeport.example', target('homeport.example'))).to.equal(true);
  });

  it('is everything for *, and nothing when empty or malformed', () => {
    expect(isProxyBypassed('*', target('homeport.example'))).to.equal(true);
    for (const list of ['', ' , ', '/8', '10.0.0.0/33', '10.0.0.0/x', ':']) expect(isProxyBypassed(list, target('10.0.0.1')), list).to.equal(false);
  });
});

describe('HTTPS_PROXY', () => {
  const target = { host: 'homeport.example', port: 9443 };

  it('is read with or without scheme, port and password', () => {
    expect(chooseProxy('proxy.example:3128', '')?.(target)).to.deep.equal({ address: { host: 'proxy.example', port: 3128 }, userInfo: undefined });
    expect(chooseProxy('http://a:b%40c@[::1]', '')?.(target)).to.deep.equal({ address: { host: '::1', port: 80 }, userInfo: 'a:b@c' });
    expect(chooseProxy('http://a:100%@proxy.example:3128', '')?.(target)?.userInfo).to.equal('a:100%');
    expect(chooseProxy(undefined, '')?.(target)).to.equal(undefined);
    expect(chooseProxy('proxy.example:3128', 'homeport.example')?.(target)).to.equal(undefined);
  });

  it('is refused where it speaks something else', () => {
    for (const text of ['https://proxy.example', 'socks5://proxy.example', 'http://', '::']) expect(chooseProxy(text, ''), text).to.equal(undefined);
  });
});
