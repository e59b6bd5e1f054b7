/** Terminals for browsers: exec and attach over WebSockets, through the Docker proxy's own rules. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { eventually } from '../../support/eventually.ts';
import { frame, startFakeContainer, type FakeContainer } from '../support/fake-container.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';
import { openSocket } from '../support/web-socket-client.ts';

const CONTAINER = '/api/v1/environments/e1/containers/c1';
const EXEC = `${CONTAINER}/exec?command=sh&command=-c&command=true`;

describe('terminals over WebSockets', () => {
  let gateway: GatewayFixture;
  let engine: FakeContainer;
  /** The engine's end of exec and attach. */
  let channel: Promise<Duplex>;

  beforeEach(async () => {
    gateway = await startGateway({ limits: { rawLingerMs: 150, webSocketStartMs: 100, webSocketBytes: 64 * 1024 } });
    engine = await startFakeContainer(gateway.enginePath);
    const { promise, resolve } = Promise.withResolvers<Duplex>();
    channel = promise;
    engine.onStream = resolve;
  });
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  /** No connection to the engine is left. */
  const allGone = (): Promise<true> => eventually('the end of every connection to the engine', () => (gateway.tunnel.dialled.every(({ destroyed }) => destroyed) ? true : undefined));

  it('run a command: bytes both ways, the window’s size, the exit code, and all of it recorded', async () => {
    engine.exitCode = 7;
    const client = await openSocket(gateway, `${EXEC}&user=nobody&workingDir=/tmp&cols=120&rows=40`);
    client.socket.send(Buffer.from('typed early '));
    expect(await client.message('ready')).to.deep.equal({ type: 'ready', tty: true, execId: 'abc123' });
    const process = await channel;
    process.on('data', (chunk: Buffer) => process.write(chunk));
    expect((await client.bytes(12)).toString()).to.equal('typed early ');
    client.socket.send(Buffer.from([0x00, 0x1b, 0xff]));
    expect(await client.bytes(3)).to.deep.equal(Buffer.from([0x00, 0x1b, 0xff]));
    client.say({ type: 'resize', cols: 80, rows: 24 });
    await eventually('the resize', () => engine.asked.find(({ url }) => url === '/exec/abc123/resize?h=24&w=80'));
    process.end('bye');
    expect((await client.bytes(3)).toString()).to.equal('bye');
    expect(await client.next()).to.deep.equal({ type: 'exit', code: 7 });
    expect(await client.closed).to.deep.equal({ code: 1000, reason: 'exited' });

    expect(engine.asked.map(({ method, url, body }) => [method, url, body])).to.deep.include.members([
      ['POST', '/containers/c1/exec', { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: ['sh', '-c', 'true'], Tty: true, User: 'nobody', WorkingDir: '/tmp' }],
      ['POST', '/exec/abc123/start', { Detach: false, Tty: true }],
      ['POST', '/exec/abc123/resize?h=40&w=120', undefined],
    ]);
    expect(await gateway.activity.outcomeOf('/exec/abc123/start')).to.include({ status: 101, failure: null });
    const { entries } = gateway.activity;
    const start = entries.findIndex((entry) => entry.what === 'started' && entry.call.path === '/exec/abc123/start');
    expect(entries[start]).to.include({ actor: 'user:the-operator' });
    expect(entries.slice(start).flatMap((entry) => ('kind' in entry ? [[entry.what, entry.kind]] : []))).to.deep.equal([['opened', 'exec'], ['closed', 'exec']]);
    await eventually('the tunnel’s release', () => (gateway.tunnel.holds() === 0 ? true : undefined));
  });

  it('take the command from the first message, tell standard output from standard error, and carry the end of input', async () => {
    const client = await openSocket(gateway, `${CONTAINER}/exec`);
    client.say({ type: 'start', command: ['wc', '-c'], tty: false, env: ['A=b'] });
    expect(await client.message('ready')).to.include({ tty: false });
    const process = await channel;
    let input = '';
    process.on('data', (chunk: Buffer) => (input += chunk.toString()));
    process.once('end', () => {
      // In pieces that end anywhere.
      const output = Buffer.concat([frame(1, `${input.length}\n`), frame(2, 'warning'), frame(1, '')]);
      process.write(output.subarray(0, 5));
      setImmediate(() => process.end(output.subarray(5)));
    });
    client.socket.send(Buffer.from('twelve bytes'));
    client.say({ type: 'eof' });
    expect(await client.next()).to.deep.equal(Buffer.from('\x0112\n'));
    expect(await client.next()).to.deep.equal(Buffer.from('\x02warning'));
    expect(await client.next()).to.deep.equal({ type: 'exit', code: 0 });
    expect(engine.asked.find(({ url }) => url.endsWith('/exec'))?.body).to.deep.include({ Cmd: ['wc', '-c'], Tty: false, Env: ['A=b'] });
  });

  it('attach to a container: its screen is drawn again, it can be left, and its exit is told', async () => {
    const leaving = await openSocket(gateway, `${CONTAINER}/attach?cols=80&rows=24&logs=true`);
    expect(await leaving.message('ready')).to.deep.equal({ type: 'ready', tty: true });
    await eventually('both sizes', () => (engine.asked.filter(({ url }) => url.includes('/resize?')).length === 2 ? true : undefined));
    expect(engine.asked.flatMap(({ url }) => (url.includes('/resize?') ? [url.split('?')[1]] : []))).to.deep.equal(['h=25&w=80', 'h=24&w=80']);
    expect(engine.asked.find(({ url }) => url.includes('/attach?'))?.url).to.equal('/containers/c1/attach?stream=1&stdin=1&stdout=1&stderr=1&logs=1');
    const left = await channel;
    leaving.say({ type: 'detach' });
    expect(await leaving.message('detached')).to.deep.equal({ type: 'detached' });
    expect(await leaving.closed).to.deep.equal({ code: 1000, reason: 'detached' });
    await ended(left);

    engine.onStream = (again) => {
      engine.isRunning = false;
      engine.exitCode = 137;
      again.end('killed');
    };
    const staying = await openSocket(gateway, `${CONTAINER}/attach`);
    expect(await staying.message('exit')).to.deep.equal({ type: 'exit', code: 137 });
  });

  it('say what the engine refuses, in a message and by the close code', async () => {
    const missing = await openSocket(gateway, EXEC.replace('/c1/', '/c2/'));
    expect(await missing.message('error')).to.deep.equal({ type: 'error', code: 'container-not-found', message: 'No such container: it.' });
    expect(await missing.closed).to.deep.equal({ code: 4404, reason: 'container-not-found' });
    engine.isRunning = false;
    const stopped = await openSocket(gateway, EXEC);
    expect(await stopped.closed).to.deep.equal({ code: 4409, reason: 'engine-refused' });
  });

  it('say why a stream breaks: a lost tunnel, a tunnel that does not open, a container that does not answer in frames', async () => {
    const lost = await openSocket(gateway, EXEC);
    await lost.message('ready');
    gateway.tunnel.lose();
    expect(await lost.closed).to.deep.equal({ code: 4502, reason: 'tunnel-lost' });

    gateway.tunnel.opensWhenRequired(false);
    gateway.tunnel.failWith('agent-not-polling');
    const waiting = await openSocket(gateway, EXEC);
    expect(await waiting.message('error')).to.include({ code: 'agent-not-polling' });
    expect(await waiting.closed).to.deep.equal({ code: 4503, reason: 'agent-not-polling' });

    gateway.tunnel.opensWhenRequired(true);
    engine.onStream = (channel) => void channel.write('these are no frames');
    const unframed = await openSocket(gateway, `${EXEC}&tty=false`);
    expect(await unframed.closed).to.deep.equal({ code: 4502, reason: 'engine-protocol-error' });
  });

  it('end at once when the session or key is revoked, on both sides', async () => {
    const client = await openSocket(gateway, EXEC);
    await client.message('ready');
    await channel;
    gateway.accounts.end('operator');
    expect(await client.closed).to.deep.equal({ code: 4401, reason: 'session-ended' });
    await allGone();
    expect(await gateway.activity.outcomeOf('/exec/abc123/start')).to.include({ failure: 'session-ended' });
  });

  it('end at once when the grant is taken', async () => {
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'full' }]);
    const client = await openSocket(gateway, EXEC);
    await client.message('ready');
    await channel;
    gateway.accounts.grantOperator([{ tag: 'eu', access: 'read' }]);
    expect(await client.closed).to.deep.equal({ code: 4403, reason: 'access-ended' });
    await allGone();
    expect(await gateway.activity.outcomeOf('/exec/abc123/start')).to.include({ failure: 'access-ended' });
  });

  it('let the engine’s connection and the tunnel go when the browser is gone', async () => {
    const client = await openSocket(gateway, EXEC);
    await client.message('ready');
    await channel;
    client.socket.terminate();
    await allGone();
    expect(await gateway.activity.outcomeOf('/exec/abc123/start')).to.include({ failure: 'client-disconnected' });
    await eventually('the tunnel’s release', () => (gateway.tunnel.holds() === 0 ? true : undefined));
  });

  it('refuse messages that make no sense, and do not wait for ever for the first', async () => {
    for (const [target, message, reason] of [
      [`${CONTAINER}/exec`, '{"type":"resize"}', 'invalid-request'],
      [`${CONTAINER}/exec`, '{"type":"start","command":"sh"}', 'invalid-request'],
      [EXEC, 'not JSON', 'invalid-request'],
      [EXEC, '{"type":"resize","cols":0,"rows":1}', 'invalid-request'],
      [EXEC, '{"type":"detach"}', 'invalid-request'],
    ] as const) {
      const client = await openSocket(gateway, target);
      client.socket.send(message);
      expect(await client.closed, message).to.deep.equal({ code: 4400, reason });
    }
    const silent = await openSocket(gateway, `${CONTAINER}/exec`);
    expect(await silent.closed).to.deep.equal({ code: 4408, reason: 'request-timeout' });
  });

  it('read no more of the engine than the browser takes, and no more of the browser than the engine takes', async () => {
    const MORE_THAN_FITS = 16 * 1024 * 1024;
    const client = await openSocket(gateway, EXEC);
    await client.message('ready');
    const process = await channel;
    const piece = Buffer.alloc(64 * 1024, 'x');
    client.socket.pause();
    let said = 0;
    const saidUntilFull = await settled(() => {
      while (said < MORE_THAN_FITS && !process.writableNeedDrain) {
        process.write(piece);
        said += piece.length;
      }
      return said;
    });
    expect(saidUntilFull).to.be.below(MORE_THAN_FITS);
    client.socket.resume();
    process.write('the end');
    let last: unknown;
    for (let left = said + 7; left > 0; left -= (last as Buffer).length) last = await client.next();
    expect(String(last).endsWith('the end')).to.equal(true);

    for (let sent = 0; sent < MORE_THAN_FITS; sent += piece.length) client.socket.send(piece);
    expect(await settled(() => client.socket.bufferedAmount)).to.be.above(MORE_THAN_FITS / 4);
    process.resume();
    await eventually('all of it to be taken', () => (client.socket.bufferedAmount === 0 ? true : undefined));
  });

  it('are told when the server stops; a command may still finish', async () => {
    const running = await openSocket(gateway, EXEC);
    await running.message('ready');
    const process = await channel;
    const attached = await openSocket(gateway, `${CONTAINER}/attach`);
    const unstarted = await openSocket(gateway, `${CONTAINER}/exec`);
    await attached.message('ready');
    const closed = gateway.gateway.close({ graceMs: 5_000 });
    expect(await attached.closed).to.deep.equal({ code: 1001, reason: 'shutting-down' });
    expect(await unstarted.closed).to.deep.equal({ code: 1001, reason: 'shutting-down' });
    engine.exitCode = 4;
    process.end('done');
    expect(await running.message('exit')).to.deep.equal({ type: 'exit', code: 4 });
    await closed;
  });
});

/** Waits until an engine knows that nobody is at the other end. */
async function ended(channel: Duplex): Promise<void> {
  channel.resume();
  if (!channel.readableEnded) await once(channel, 'end');
}

/** What a figure is once it stands still. */
async function settled(look: () => number): Promise<number> {
  let before = -1;
  return eventually('a figure to stand still', () => {
    const now = look();
    const isSettled = now === before;
    before = now;
    return isSettled ? now : undefined;
  });
}
