/** An agent's polls, as the control plane gets them. */
import * as grpc from '@grpc/grpc-js';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentSuite } from './support/agent-suite.ts';
import { EDGE_ID } from './support/agent-under-test.ts';
import { ENVIRONMENT_ID, QUICK, pollResponse, refuse, startControlPlane } from './support/control-plane-double.ts';
import { startEngine } from './support/engine-double.ts';

describe('agent polling', () => {
  const suite = agentSuite();

  it('introduces itself in the first poll, and in the later ones says only what is new', async () => {
    const { controlPlane, agent } = suite();
    agent();
    const first = (await controlPlane.polls.next()).request;
    expect(first.hello).to.deep.include({
      environmentId: ENVIRONMENT_ID,
      edgeId: EDGE_ID,
      protocolVersion: 1,
      node: 'node-1',
      platform: 'linux/amd64',
      engine: { name: 'docker', version: '28.2.2', apiVersion: '1.50' },
      swarm: undefined,
    });
    expect(Buffer.from(first.hello?.joinSecret ?? []).equals(controlPlane.joinSecret)).to.equal(true);
    expect(first.hello?.instanceId).to.match(/^[\w-]{16,64}$/);
    expect(first.hello?.version).to.match(/^\d+\.\d+\.\d+/);
    expect((await controlPlane.polls.next()).request.hello).to.equal(undefined);
  });

  it('counts its polls from 1 over all its connections, as one instance', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ request, call }) => {
      if (request.sequence % 3 !== 0) return { pollIntervalMs: 100 };
      call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'going away' });
      return undefined;
    };
    agent();
    const instances = new Set<string>();
    for (let sequence = 1; sequence <= 9; sequence += 1) {
      const { request } = await controlPlane.polls.next();
      expect(request.sequence).to.equal(sequence);
      if (request.hello !== undefined) instances.add(request.hello.instanceId);
    }
    expect(instances.size).to.equal(1);
    expect(new Set(controlPlane.polls.all.map(({ callNumber }) => callNumber)).size).to.be.at.least(3);
  });

  it('counts no poll while there is nobody to poll', async () => {
    const { controlPlane, agent, folder, after } = suite();
    const running = agent();
    const before = await controlPlane.polls.next();
    controlPlane.stop();
    await running.log.lines.first(({ code }) => code === 'connection-refused');
    const made = controlPlane.polls.all.at(-1)?.request.sequence ?? before.request.sequence;
    const back = await startControlPlane(folder, controlPlane.port);
    after(() => back.stop());
    const { request } = await back.polls.next();
    // What was under way when the connection broke was made; nothing more.
    expect(request.sequence).to.be.within(made + 1, made + 2);
    expect(request.hello?.edgeId).to.equal(EDGE_ID);
    await running.log.lines.first(({ msg }) => msg === 'polling again');
  });

  it('polls every interval whether it is answered or not', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ request }) => (request.sequence === 1 ? QUICK : undefined);
    agent();
    for (const sequence of [1, 2, 3, 4]) expect((await controlPlane.polls.next()).request.sequence).to.equal(sequence);
    expect(controlPlane.polls.all.at(-1)?.callNumber).to.equal(1);
  });

  it('leaves a control plane that answers no more, and calls it again', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ callNumber }) => (callNumber === 1 ? undefined : QUICK);
    const running = agent({}, { answerMs: 50 });
    await running.log.lines.first(({ code }) => code === 'polls-unanswered');
    await running.log.lines.first(({ msg }) => msg === 'polling again');
  });

  it('repeats the highest sequence that was confirmed, and never more than it made', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ request }) => ({ ...QUICK, confirmedSequence: request.sequence === 3 ? 1_000_000 : Math.max(0, request.sequence - 1) });
    agent();
    const seen: number[] = [];
    for (let polls = 0; polls < 5; polls += 1) seen.push((await controlPlane.polls.next()).request.confirmedSequence);
    expect(seen).to.deep.equal([0, 0, 1, 3, 3]);
  });

  it('follows a new interval at once, also by an answer it did not ask for', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ request }) => ({ pollIntervalMs: request.sequence === 1 ? 3_600_000 : 20 });
    agent();
    const { call } = await controlPlane.polls.next();
    call.write(pollResponse({ pollIntervalMs: 20 }));
    expect((await controlPlane.polls.next()).request.sequence).to.equal(2);
  });

  it('says precisely why it is refused, once, and goes on asking', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ call, request }) => {
      if (request.sequence > 3) return QUICK;
      refuse(call, grpc.status.UNAUTHENTICATED, 'wrong-join-secret', 'no');
      return undefined;
    };
    const running = agent();
    await running.log.lines.first(({ msg }) => msg === 'polling again');
    const said = running.log.lines.all.filter(({ code }) => code === 'wrong-join-secret');
    expect(said).to.have.length(1);
    expect(said[0]?.msg).to.match(/EDGE_KEY.*copy the current one/);
    expect(controlPlane.polls.all.length).to.be.at.least(4);
  });

  for (const [reason, advice] of Object.entries({
    'token-rotated': /EDGE_KEY.*copy the new one/,
    'edge-id-barred': /EDGE_ID.*use the one that the environment shows now/,
    'duplicate-agent': /copied disk.*stop the other agent/,
  })) {
    it(`says what to do when it is refused in the midst of polling, and asks again: ${reason}`, async () => {
      const { controlPlane, agent } = suite();
      controlPlane.answer = ({ call, request }) => {
        if (request.sequence !== 2 && request.sequence !== 3) return QUICK;
        refuse(call, grpc.status.PERMISSION_DENIED, reason, 'no');
        return undefined;
      };
      const running = agent();
      const said = await running.log.lines.first(({ code }) => code === reason);
      expect(said.msg).to.match(advice);
      await running.log.lines.first(({ msg }) => msg === 'polling again');
      expect(running.log.lines.all.filter(({ code }) => code === reason)).to.have.length(1);
    });
  }

  it('polls on without an engine, says what to do, and reports the engine when it comes', async () => {
    const { controlPlane, agent, folder, after } = suite();
    controlPlane.answer = () => ({ pollIntervalMs: 3_600_000 });
    const socketPath = join(folder, 'later.sock');
    const running = agent({ dockerHost: `unix://${socketPath}` });
    expect((await controlPlane.polls.next()).request.hello).to.include({ engine: undefined });
    const line = await running.log.lines.first(({ code }) => code === 'docker-socket-missing');
    expect(line.msg).to.match(/DOCKER_HOST.*polling goes on/);
    const later = await startEngine(socketPath, { Name: 'node-2', Swarm: { NodeID: 'n1', LocalNodeState: 'active', ControlAvailable: true, Cluster: { ID: 'c1' } } });
    after(() => later.close());
    const { hello, sequence } = (await controlPlane.polls.next()).request;
    expect(sequence).to.equal(2);
    expect(hello).to.deep.include({ node: 'node-2', swarm: { clusterId: 'c1', nodeId: 'n1', manager: true } });
    expect(hello?.engine?.name).to.equal('docker');
    rmSync(socketPath, { force: true });
  });

  it('ends its call and returns 0 when it is told to stop', async () => {
    const { controlPlane, agent } = suite();
    const running = agent();
    const { call } = await controlPlane.polls.next();
    const ended = new Promise((resolve) => call.on('end', resolve));
    expect(await running.stop()).to.equal(0);
    await ended;
  });

  it('writes neither token, join secret nor Edge ID into its log', async () => {
    const { controlPlane, agent } = suite();
    controlPlane.answer = ({ request }) => (request.sequence > 2 ? undefined : QUICK);
    const running = agent({}, { answerMs: 50 });
    await running.log.lines.first(({ code }) => code === 'polls-unanswered');
    await running.stop();
    const text = running.log.text();
    const secret = Buffer.from(controlPlane.joinSecret);
    for (const hidden of [controlPlane.joinToken(), secret.toString('base64url'), secret.toString('base64'), secret.toString('hex'), EDGE_ID]) {
      expect(text).to.not.contain(hidden);
    }
  });
});
