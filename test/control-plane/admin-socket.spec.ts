import { mkdtemp, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pino from 'pino';
import { adminSocketPath } from '../../services/control-plane/admin-socket.ts';
import { withLocalClient } from '../../services/cli/local-client.ts';
import { type ControlPlane, startControlPlane } from '../../services/control-plane/serve.ts';

describe('control plane: admin.sock', () => {
  let dataDir: string;
  let running: ControlPlane;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'homeport-admin-'));
    running = await startControlPlane({ dataDir, host: '127.0.0.1', httpsPort: 0, tunnelPort: 0 }, { logger: pino({ enabled: false }) });
  });
  after(async () => {
    await running.stop();
    await rm(dataDir, { recursive: true });
  });

  const call = (method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const req = request({ socketPath: adminSocketPath(dataDir), method, path, headers, agent: false }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part: string) => (text += part));
        res.on('end', () => {
          resolve({ status: res.statusCode ?? 0, json: JSON.parse(text) });
        });
      });
      req.on('error', reject);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });

  it('refuses a data directory whose path is too long for it, in words, and leaves it free', async () => {
    const long = join(dataDir, 'x'.repeat(100));
    const options = { dataDir: long, host: '127.0.0.1', httpsPort: 0, tunnelPort: 0 };
    for (let attempt = 0; attempt < 2; attempt++) {
      const error: unknown = await startControlPlane(options, { logger: pino({ enabled: false }) }).catch((caught: unknown) => caught);
      expect(error).to.have.property('code', 'data-directory-path-too-long');
    }
  });

  it('is for its owner alone', async () => {
    expect((await stat(adminSocketPath(dataDir))).mode & 0o777).to.equal(0o600);
  });

  it('lets the machine\'s operator do what an admin may, without a password, under a name of his own', async () => {
    const created = await call('POST', '/api/v1/environments', { name: 'factory', address: 'cp.example:9443' });
    expect(created.status).to.equal(201);
    const { json } = await call('GET', '/api/v1/events?type=EnvironmentCreated');
    expect(json).to.have.nested.property('items[0].metadata.actor', 'user:local');
  });

  it('does not hold up the end of a server whose history is being followed', async () => {
    const following = request({ socketPath: adminSocketPath(dataDir), path: '/api/v1/events?follow=true', headers: { accept: 'application/x-ndjson' }, agent: false });
    following.end();
    const [response] = (await once(following, 'response')) as [IncomingMessage];
    const ended = once(response.resume().on('error', () => undefined), 'close');
    await running.stop();
    await ended;
  });

  it('gives the same history from the data directory once no server runs, and changes nothing there', async () => {
    await running.stop();
    const types = async (): Promise<string[]> =>
      withLocalClient(dataDir, async (client) => {
        const { body } = await client.call('GET', '/events');
        return (body as { items: { type: string }[] }).items.map(({ type }) => type);
      });
    const first = await types();
    expect(first).to.include('EnvironmentCreated');
    expect(await types()).to.deep.equal(first);
  });
});
