/** An engine in the wrong hands must gain nothing on our origin, and slip nothing past the record. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { startRawEngine, type FakeEngine, type RawRequest } from '../support/fake-engine.ts';
import { DOCKER, startGateway, wholeAnswer, type GatewayFixture } from '../support/gateway-fixture.ts';
import { readHead, readText, requestHead } from '../support/raw-client.ts';

describe('a hostile engine behind the Docker proxy', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;
  let answer: (socket: Socket, request: RawRequest) => void;

  beforeEach(async () => {
    gateway = await startGateway();
    engine = await startRawEngine(gateway.enginePath, (socket, request) => answer(socket, request));
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  /** Answers with these header lines and a page. */
  const says = (...lines: readonly string[]) => (socket: Socket): void => {
    socket.end(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: 34\r\n\r\n<script>alert(document.domain)</sc`);
  };

  it('can not set cookies, clear data, open our origin to others, redirect, phish or have files sent', async () => {
    const dangerous = [
      'Set-Cookie: __Host-homeport=stolen; Path=/; Secure',
      'Set-Cookie2: a=b',
      'Clear-Site-Data: "*"',
      'Service-Worker-Allowed: /',
      'Access-Control-Allow-Origin: https://evil.example',
      'Access-Control-Allow-Credentials: true',
      'Content-Security-Policy: script-src *',
      'Content-Security-Policy-Report-Only: default-src *; report-uri https://evil.example',
      'Cross-Origin-Resource-Policy: cross-origin',
      'Cross-Origin-Opener-Policy: unsafe-none',
      'Strict-Transport-Security: max-age=0',
      'Public-Key-Pins: pin-sha256="x"',
      'Alt-Svc: h2="evil.example:443"',
      'Refresh: 0; url=https://evil.example',
      'Location: /api/v1/api-keys',
      'Content-Location: /api/v1/api-keys',
      'Link: </evil.js>; rel=preload; as=script',
      'NEL: {"report_to":"x","max_age":9999999}',
      'Report-To: {"group":"x","endpoints":[{"url":"https://evil.example"}]}',
      'Reporting-Endpoints: x="https://evil.example"',
      'Use-As-Dictionary: match="/*"',
      'Speculation-Rules: "/rules.json"',
      'SourceMap: https://evil.example/x.map',
      'WWW-Authenticate: Basic realm="Homeport"',
      'Proxy-Authenticate: Basic realm="Homeport"',
      'X-Accel-Redirect: /etc/passwd',
      'X-Sendfile: /etc/passwd',
      'X-Content-Type-Options: none',
      'X-Frame-Options: ALLOWALL',
      'Cache-Control: public, max-age=31536000',
      'Origin-Agent-Cluster: ?1',
      'Permissions-Policy: camera=*',
      'Timing-Allow-Origin: *',
      'Sec-Session-Registration: (ES256); path="/x"',
      'Homeport-Position: 1',
    ];
    answer = says('Content-Type: text/html', 'Api-Version: 1.41', ...dangerous);
    const got = await gateway.call(`${DOCKER}/containers/x/archive?path=/`);
    expect(got.status).to.equal(200);
    expect(Object.keys(got.headers).sort()).to.deep.equal(
      [
        'api-version',
        'cache-control',
        'connection',
        'content-length',
        'content-security-policy',
        'content-type',
        'cross-origin-opener-policy',
        'cross-origin-resource-policy',
        'date',
        'homeport-correlation-id',
        'referrer-policy',
        'x-content-type-options',
        'x-frame-options',
      ].sort(),
    );
    expect(got.headers['content-security-policy']).to.match(/^sandbox; default-src 'none'/);
    expect(got.headers).to.include({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' });
  });

  it('can not make a redirect work, whatever it answers', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (socket) => void socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: /api/v1/environments/other/docker/x\r\nContent-Length: 0\r\n\r\n`);
      const got = await gateway.call(`${DOCKER}/containers/x`, { method: 'POST' });
      expect(got.status).to.equal(status);
      expect(got.headers).not.to.have.property('location');
    }
  });

  it('can not turn a connection raw where none was asked to', async () => {
    const raw = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nGET /api/v1/api-keys';
    answer = (socket) => void socket.write(raw);
    for (const [method, target] of [['GET', '/_ping'], ['POST', '/containers/x/start'], ['POST', '/exec/abc/start']] as const) {
      const got = await gateway.call(`${DOCKER}${target}`, { method });
      expect(got.status, target).to.equal(502);
      expect(got.json).to.include({ code: 'engine-protocol-error' });
    }
    answer = (socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nraw');
    expect((await gateway.call(`${DOCKER}/_ping`)).json).to.include({ code: 'engine-protocol-error' });
  });

  it('can not switch to another protocol than the one asked for', async () => {
    answer = (socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw');
    const client = await gateway.connect();
    client.write(requestHead('POST', `${DOCKER}/exec/abc/start`, ['Connection: Upgrade', 'Upgrade: tcp']));
    const got = await readText(client);
    expect(got).to.match(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(got).to.include('engine-protocol-error');
    expect(got).not.to.include('raw');
  });

  it('slips no request past the record by bytes after GET /_ping with Upgrade', async () => {
    const heads: string[] = [];
    answer = (socket, { head, rest }) => {
      heads.push(head + rest.toString());
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK');
    };
    const client = await gateway.connect();
    const hidden = `POST ${DOCKER}/containers/x/kill HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
    client.write(requestHead('GET', `${DOCKER}/_ping`, ['Connection: Upgrade', 'Upgrade: tcp']) + hidden);
    client.end();
    const got = await readText(client);
    expect(heads).to.have.length(1);
    expect(heads[0]).not.to.match(/upgrade|kill/i);
    expect(got).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*OK$/);
    await gateway.activity.outcomeOf('/_ping');
    expect(gateway.activity.entries.map(({ call }) => call.path)).to.deep.equal(['/_ping']);
  });

  it('gets 502 and a code for what is not HTTP', async () => {
    const broken: readonly string[] = [
      'SSH-2.0-OpenSSH_9.2\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nDocker-X: a\x01b\r\n\r\n',
      'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n',
      `HTTP/1.1 200 OK\r\nDocker-X: ${'a'.repeat(80_000)}\r\n\r\n`,
      `HTTP/1.1 200 ${'a'.repeat(80_000)}\r\n\r\n`,
      'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100),
    ];
    for (const bytes of broken) {
      answer = (socket) => void socket.end(bytes, 'latin1');
      const got = await gateway.call(`${DOCKER}/version`);
      expect(got.status, bytes.slice(0, 60)).to.equal(502);
      expect(got.json['code'], bytes.slice(0, 60)).to.equal('engine-protocol-error');
    }
    answer = (socket) => void socket.end();
    expect((await gateway.call(`${DOCKER}/version`)).json).to.include({ code: 'engine-closed' });
    answer = (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-');
    expect((await gateway.call(`${DOCKER}/version`)).json).to.include({ code: 'engine-closed' });
  });

  it('can not answer a question that was not asked yet', async () => {
    let connections = 0;
    answer = (socket) => {
      connections += 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none');
      // Once the channel is kept for the next call.
      if (connections === 1) setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned'), 20);
    };
    expect((await gateway.call(`${DOCKER}/info`)).text).to.equal('one');
    const channel = gateway.tunnel.dialled[0];
    if (channel !== undefined && !channel.destroyed) await once(channel, 'close');
    expect((await gateway.call(`${DOCKER}/info`)).text).to.equal('one');
    expect(connections).to.equal(2);
  });

  it('learns nothing of the client but what the Docker API needs', async () => {
    let head = '';
    answer = (socket, request) => {
      head = request.head;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    };
    const withheld = {
      cookie: '__Host-homeport=secret',
      forwarded: 'for=10.0.0.1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'homeport.internal',
      'x-real-ip': '10.0.0.1',
      'x-homeport-csrf': '1',
      'x-homeport-node': 'n1',
      'x-original-url': '/x',
      'proxy-authorization': 'Basic eDp5',
      'sec-fetch-site': 'same-origin',
      referer: 'https://homeport.internal/secret',
      via: '1.1 x',
      te: 'trailers',
      'x-gone': 'hop by hop',
      connection: 'X-Gone, Content-Type',
    };
    await gateway.call(`${DOCKER}/images/create?fromImage=x`, {
      method: 'POST',
      headers: { ...withheld, 'x-registry-auth': 'e30=', 'user-agent': 'Docker-Client/28', accept: '*/*' },
    });
    const names = head
      .split('\r\n')
      .slice(1)
      .filter((line) => line !== '')
      .map((line) => line.split(':')[0]?.toLowerCase());
    expect(names.sort()).to.deep.equal(['accept', 'connection', 'content-length', 'host', 'user-agent', 'x-registry-auth']);
    expect(head).to.match(/\r\nHost: docker\r\n/i);
    expect(head).to.match(/\r\nConnection: close\r\n/);
  });

  it('sends early hints and other provisional answers in vain', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </evil.js>; rel=preload\r\n\r\n');
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    };
    const req = gateway.open(`${DOCKER}/info`);
    req.on('information', () => expect.fail('nothing provisional is passed on'));
    expect((await wholeAnswer(req.end())).text).to.equal('ok');
  });

  it('can not make a page of ours act for it: a cookie counts only with our header, and from our origin', async () => {
    answer = says('Content-Type: text/html');
    const cookie = '__Host-homeport=session-of-admin';
    const cases: readonly (readonly [Record<string, string>, number, string | undefined])[] = [
      [{ cookie }, 403, 'csrf-header-required'],
      [{ cookie, 'x-homeport-csrf': '1' }, 200, undefined],
      [{ cookie, 'x-homeport-csrf': '1', origin: `https://127.0.0.1:${gateway.port}` }, 200, undefined],
      [{ cookie, 'x-homeport-csrf': '1', origin: 'https://127.0.0.1:1' }, 403, 'origin-not-allowed'],
      [{ cookie, 'x-homeport-csrf': '1', origin: 'null' }, 403, 'origin-not-allowed'],
      [{ cookie: '__Host-homeport=wrong', 'x-homeport-csrf': '1' }, 401, 'unauthenticated'],
      [{ cookie, authorization: 'Bearer hp_wrong', 'x-homeport-csrf': '1' }, 401, 'unauthenticated'],
    ];
    for (const [headers, status, code] of cases) {
      const got = await gateway.call(`${DOCKER}/info`, { as: null, headers });
      expect(got.status, JSON.stringify(headers)).to.equal(status);
      if (code !== undefined) expect(got.json['code']).to.equal(code);
    }
  });
});

describe('requests that mean two things', () => {
  let gateway: GatewayFixture;
  let engine: FakeEngine;
  const targets: string[] = [];

  before(async () => {
    gateway = await startGateway();
    engine = await startRawEngine(gateway.enginePath, (socket, { head }) => {
      targets.push(head.split(' ')[1] ?? '');
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  after(async () => {
    await gateway.close();
    await engine.close();
  });

  it('are refused where the length is said twice, or the coding is not chunked', async () => {
    const twice = [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Content-Length: 5', 'Content-Length: 6'],
      ['Transfer-Encoding: gzip, chunked'],
      ['Transfer-Encoding: identity'],
    ];
    for (const lines of twice) {
      const client = await gateway.connect();
      client.end(`${requestHead('POST', `${DOCKER}/containers/x/start`, lines)}0\r\n\r\n`);
      expect(await readHead(client), lines.join()).to.match(/^HTTP\/1\.1 (400|501) /);
    }
    expect(targets).to.deep.equal([]);
  });

  it('are refused where the path could be read in another way', async () => {
    const bad = [
      '/../info', '/containers/../../info', '/containers/x/..', '/%2e%2e/info', '/.%2E/info', '/./info', '/containers//json', '//containers/json',
      '/containers/x%2f..%2fy/json', '/containers/x%2Fjson', '/containers%5cx/json', '/containers/x%00/json', '/containers/x%0d%0ay/json', '/containers/x%7f/json',
      '/containers/%zz/json', '/containers/%2', '/containers/x\\y/json', '/containers/"x"/json',
    ];
    for (const path of bad) {
      const client = await gateway.connect();
      client.end(requestHead('GET', `${DOCKER}${path}`));
      expect(await readHead(client), path).to.match(/^HTTP\/1\.1 400 /);
    }
    for (const target of [`https://homeport${DOCKER}/info`, DOCKER.replace('e1', 'E1'), DOCKER.replace('e1', '%65%31'), DOCKER.replace('/docker', '/%64ocker')]) {
      const client = await gateway.connect();
      client.end(requestHead('GET', target));
      expect(await readHead(client), target).to.match(/^HTTP\/1\.1 404 /);
    }
    expect(targets).to.deep.equal([]);
  });

  it('are sent on as they were checked', async () => {
    for (const [asked, sent] of [
      ['', '/'],
      ['/', '/'],
      ['/v1.41/images/reg.example:5000/a/b@sha256:0a/json', '/v1.41/images/reg.example:5000/a/b@sha256:0a/json'],
      ['/%63ontainers/%7Ex%20y/json?filters={"a":[1]}&x=%2e%2e', '/containers/~x%20y/json?filters={"a":[1]}&x=%2e%2e'],
      ['/containers/%252e%252e/json', '/containers/%252e%252e/json'],
      ['/containers/caf%c3%a9/json?', '/containers/caf%C3%A9/json'],
    ] as const) {
      targets.length = 0;
      const client = await gateway.connect();
      client.end(requestHead('GET', `${DOCKER}${asked}`, ['Connection: close']));
      expect(await readHead(client), asked).to.match(/^HTTP\/1\.1 200 /);
      expect(targets).to.deep.equal([sent]);
    }
  });

  it('can not choose a node by anything but one id or host name', async () => {
    for (const node of ['', 'a b', '../x', 'n1, n2', 'a/b', '-a', 'x'.repeat(300)]) {
      const answer = await gateway.call(`${DOCKER}/info`, { headers: { 'x-homeport-node': node } });
      expect(answer.status, node).to.equal(400);
      expect(answer.json).to.include({ code: 'invalid-node' });
    }
  });

  it('answers pipelined calls in their order, one after the other', async () => {
    targets.length = 0;
    const client = await gateway.connect();
    client.write(['/a', '/b', '/c'].map((path) => requestHead('POST', `${DOCKER}${path}`, ['Content-Length: 0'])).join(''));
    client.write(requestHead('GET', `${DOCKER}/d`, ['Connection: close']));
    expect((await readText(client)).match(/HTTP\/1\.1 200 OK/g)).to.have.length(4);
    expect(targets).to.deep.equal(['/a', '/b', '/c', '/d']);
    expect(gateway.activity.entries.filter(({ what }) => what === 'proxied').slice(-4).map(({ call }) => call.path)).to.deep.equal(['/a', '/b', '/c', '/d']);
  });

  it('forwards no method that only echoes or tunnels', async () => {
    targets.length = 0;
    for (const method of ['TRACE', 'PROPFIND']) {
      const answer = await gateway.call(`${DOCKER}/info`, { method });
      expect(answer).to.include({ status: 405 });
      expect(answer.headers['allow']).to.match(/GET/);
    }
    const client = await gateway.connect();
    client.end('CONNECT engine:2375 HTTP/1.1\r\nHost: engine:2375\r\n\r\n');
    expect(await readHead(client)).to.match(/^HTTP\/1\.1 405 /);
    expect(targets).to.deep.equal([]);
  });
});
