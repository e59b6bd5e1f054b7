/** Today's agent understands what the control planes of releases said: the real program, and a player that says it again. */
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { startProcess, type RunningProcess } from '../support/child-process.ts';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { STANDALONE_AGENT } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startRecordedEngine, type RecordedEngine } from './engine.ts';
import { UNKNOWN_FIELD } from './messages.ts';
import { callsOf, startPlayer, type HeardCall, type Player, type PlayOptions } from './player.ts';
import { readRecording, recordedReleases, type Step } from './recording.ts';

for (const release of recordedReleases()) {
  describe(`today's agent and a control plane of ${release}`, function () {
    this.timeout(60_000);
    const recording = readRecording(release);
    const { installation, scenes } = recording;
    let folder: TemporaryFolder;
    let engine: RecordedEngine | undefined;
    let player: Player | undefined;
    let proxy: ConnectProxy | undefined;
    let agent: RunningProcess | undefined;

    beforeEach(async () => {
      folder = createTemporaryFolder();
      engine = await startRecordedEngine(path.join(folder.path, 'docker.sock'));
    });
    afterEach(async () => {
      await agent?.stop('SIGKILL');
      proxy?.stop();
      player?.close();
      await engine?.close();
      folder.remove();
    });

    /** `refused` is the name that the proxy refuses at first. */
    async function play(
      scene: string,
      { refused, env = {}, ...options }: PlayOptions & { readonly refused?: string; readonly env?: Readonly<Record<string, string>> } = {},
    ): Promise<{ readonly agent: RunningProcess; readonly player: Player }> {
      player = await startPlayer(recording, scene, options);
      const { port } = player;
      proxy = await startConnectProxy({ names: { 'homeport.recorded:9443': port, 'moved.homeport.recorded:9443': port, 'homeport.recorded:8000': port } });
      if (refused !== undefined) proxy.refuse(refused);
      const variables = { EDGE_ID: installation.edgeId, EDGE_KEY: installation.joinToken, EDGE_INSECURE_POLL: '1', DATA_PATH: mkdtempSync(path.join(folder.path, 'kept-')) };
      agent = startProcess(process.execPath, [STANDALONE_AGENT], { env: { ...variables, DOCKER_HOST: `unix://${path.join(folder.path, 'docker.sock')}`, HTTPS_PROXY: proxy.url, ...env } });
      return { agent, player };
    }

    it('join, snapshot, tunnel, request, half-closes, and part when it is idle', async () => {
      const { agent: running, player: played } = await play('main', { env: { EDGE_INACTIVITY_TIMEOUT: '2s' } });
      await running.waitFor(/"reason":"idle".*tunnel ended/, 30_000);
      expect((await running.stop()).code).to.equal(0);
      const scene = scenes.main ?? [];

      // The tunnel was opened with the recorded credentials, and the engine's answers are the recorded ones.
      expect(helloOf(heardOn(played, /\/Open$/)[0])).to.deep.include(helloOf(recordedOn(scene, /\/Open$/)[0]));
      const channels = heardOn(played, /\/Channel$/);
      expect(channels.map(({ data }) => data.toString())).to.deep.equal(recordedOn(scene, /\/Channel$/).map(({ data }) => data.toString()));
      expect(channels.map(({ data }) => data.toString()).join('')).to.include('14 bytes');
      // What a snapshot says is the same, whatever the way it is packed.
      const [snapshot] = heardOn(played, /RecordSnapshot/);
      expect(snapshotOf(snapshot).equals(snapshotOf(recordedOn(scene, /RecordSnapshot/)[0]))).to.equal(true);
    });

    it('are not led astray by what a later version would say besides', async () => {
      const { agent: running, player: played } = await play('main', { env: { EDGE_INACTIVITY_TIMEOUT: '2s' }, more: UNKNOWN_FIELD });
      await running.waitFor(/"reason":"idle".*tunnel ended/, 30_000);
      expect(heardOn(played, /\/Channel$/).map(({ data }) => data.toString()).join('')).to.include('14 bytes');
      expect((await running.stop()).code).to.equal(0);
    });

    it('report a tunnel that can not be opened, a connection that breaks, and a dial that comes to nothing', async () => {
      const scene = scenes.troubles ?? [];
      const said = (fits: (says: ControlPlaneSaid) => boolean): readonly Step[] => scene.filter((step) => step.is === 'said' && step.by === 'control-plane' && step.says !== undefined && fits(step.says as ControlPlaneSaid));
      const requiredAgain = said(({ required }) => (required?.length ?? 0) > 0)[1];
      const lastDial = said(({ message }) => message?.$case === 'dial').at(-1);
      const before = async (step: Step): Promise<void> => {
        if (step === requiredAgain) proxy?.allow('homeport.recorded:8000');
        if (step !== lastDial) return;
        await eventually('the broken connection to be told', () => (player !== undefined && reasonsIn(heardOn(player, /\/Channel$/)).includes('econnreset') ? true : undefined));
        await engine?.close();
        engine = undefined;
      };
      const { agent: running, player: played } = await play('troubles', { refused: 'homeport.recorded:8000', before });
      await eventually('the failed dial to be told', () => (reasonsIn(heardOn(played, /\/Open$/)).length > 0 ? true : undefined), 20_000);
      expect((await running.stop()).code).to.equal(0);
      for (const [method, reason] of [
        [/\/Poll$/, 'proxy-refused'],
        [/\/Channel$/, 'econnreset'],
        [/\/Open$/, 'docker-socket-missing'],
      ] as const) {
        expect(reasonsIn(recordedOn(scene, method))).to.include(reason);
        expect(reasonsIn(heardOn(played, method))).to.include(reason);
      }
    });

    it('part where the token was rotated, and say why', async () => {
      const { agent: running, player: played } = await play('rotated');
      await running.waitFor(/"code":"token-rotated"/);
      await running.waitFor(/"reason":"token-rotated".*tunnel ended/);
      expect((await running.stop()).code).to.equal(0);
      expect(reasonsIn(heardOn(played, /\/Open$/))).to.deep.equal(['token-rotated']);
    });

    it('move to another address, and take another tunnel identity', async () => {
      const { agent: running, player: played } = await play('endpoints');
      await running.waitFor(/moved\.homeport\.recorded:9443/);
      const fingerprints = (call: HeardCall): number => Math.max(0, ...call.said.map((says) => (says as PollSaid).hello?.endpoints?.fingerprints.length ?? 0));
      await eventually('both fingerprints in a hello', () => (heardOn(played, /\/Poll$/).some((call) => fingerprints(call) === 2) ? true : undefined), 20_000);
      expect((await running.stop()).code).to.equal(0);
    });
  });
}

interface ControlPlaneSaid {
  readonly required?: readonly unknown[];
  readonly message?: { readonly $case: string };
}

interface PollSaid {
  readonly hello?: { readonly endpoints?: { readonly fingerprints: readonly string[] } };
}

function heardOn({ heard }: Player, method: RegExp): readonly HeardCall[] {
  return heard.filter((call) => method.test(call.method)).toSorted((a, b) => a.call - b.call);
}

/** The same of the recording. */
function recordedOn(scene: readonly Step[], method: RegExp): readonly HeardCall[] {
  return callsOf(scene)
    .filter((recorded) => method.test(recorded.method))
    .map(({ call, method: name, steps }) => {
      const said = steps.flatMap((step) => (step.is === 'said' && step.by === 'agent' ? [step.says] : []));
      const data = said.map((says) => (says as MessageSaid).message).flatMap((message) => (message?.$case === 'data' ? [Buffer.from(String(message.value), 'base64')] : []));
      return { call, method: name, said, data: Buffer.concat(data) };
    });
}

interface MessageSaid {
  readonly message?: { readonly $case: string; readonly value: unknown };
}

/** The hello of a call but its instance, which is each agent's own. */
function helloOf(call: HeardCall | undefined): object {
  const { message } = call?.said[0] as MessageSaid;
  return { ...(message?.value as object), instanceId: '' };
}

/** The reason codes that an agent gave. */
function reasonsIn(calls: readonly HeardCall[]): readonly string[] {
  return calls.flatMap(({ said }) => [...JSON.stringify(said).matchAll(/"reason":"([a-z0-9-]+)"/g)].map(([, reason = '']) => reason));
}

function snapshotOf(call: HeardCall | undefined): Buffer {
  const messages = (call?.said ?? []).map((says) => (says as MessageSaid).message);
  return gunzipSync(Buffer.concat(messages.flatMap((message) => (message?.$case === 'chunk' ? [Buffer.from(String(message.value), 'base64')] : []))));
}
