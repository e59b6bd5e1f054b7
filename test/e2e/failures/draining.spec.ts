/** A stop in steps: first the load balancers are told, then what is under way may finish, and a second signal waits for nothing. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { startHomeport } from '../../support/homeport.ts';
import type { HomeportServer } from '../../support/homeport.ts';

describe('a server that is to stop', function () {
  this.timeout(30_000);
  let server: HomeportServer | undefined;
  afterEach(async () => {
    await server?.kill();
    await server?.remove();
  });

  async function get(url: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
    const ca = readFileSync(path.join(server?.dataDir ?? '', 'tls', 'ca.pem'));
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(url, server?.url), { ca, agent: false }, resolve).once('error', reject).end();
    });
    return { status: answer.statusCode, body: await text(answer) };
  }

  it('says so at /readyz and goes on for the time it was given, and a second signal ends it at once', async () => {
    server = await startHomeport({ flags: ['--drain-delay', '1h'] });
    expect((await get('/readyz')).status).to.equal(200);
    server.process.signal('SIGTERM');
    const { body } = await eventually('/readyz to say no', async () => {
      const answer = await get('/readyz');
      return answer.status === 503 ? answer : undefined;
    });
    expect(JSON.parse(body)).to.include({ code: 'not-ready', detail: 'server: stopping.' });
    expect((await get('/healthz')).status).to.equal(200);
    expect((await get('/api/v1/sessions/current')).status).to.equal(401);
    expect(server.process.stderr()).to.match(/stopping: what is under way may take up to 3605 s to end; a second signal ends it at once/);
    // What a terminal and npm both pass on is one wish; a second one comes a second later.
    const { process } = server;
    const ending = await eventually('the end', () => {
      process.signal('SIGTERM');
      return Promise.race([process.ended, Promise.resolve(undefined)]);
    });
    expect(ending).to.deep.equal({ code: 143, signal: null });
  });

  it('lets a request that is under way finish', async () => {
    server = await startHomeport();
    const ca = readFileSync(path.join(server.dataDir, 'tls', 'ca.pem'));
    const body = JSON.stringify(server.admin);
    const agent = new Agent({ ca });
    const sent = request(new URL('/api/v1/sessions', server.url), { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
    const answered = new Promise<IncomingMessage>((resolve, reject) => sent.once('response', resolve).once('error', reject));
    sent.write(body.slice(0, 10));
    await new Promise((resolve) => sent.once('socket', (socket) => socket.once('secureConnect', resolve)));
    // It has arrived once a request after it, on another connection, was answered.
    await get('/healthz');
    server.process.signal('SIGTERM');
    await eventually('the port to be closed', () => get('/healthz').then(() => undefined, () => true));
    sent.end(body.slice(10));
    expect((await answered).statusCode).to.equal(201);
    agent.destroy();
    expect(await server.process.ended).to.deep.equal({ code: 0, signal: null });
  });
});
