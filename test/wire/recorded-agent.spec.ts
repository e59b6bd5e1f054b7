/** Today's control plane understands what the agents of releases said: the real server on the recorded installation, and the recorded bytes. */
import { X509Certificate } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { verifyBinding } from '../../proto/binding.ts';
import { certificateSpkiSha256, parseFingerprint } from '../../proto/fingerprint.ts';
import { GetBindingRequest, GetBindingResponse, PollResponse, RecordSnapshotResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { ChannelRequest, ChannelResponse, OpenRequest, OpenResponse } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { parseJoinToken } from '../../proto/join-token.ts';
import { openSealedCredentials } from '../../proto/sealed-credentials.ts';
import { createApi, type Api } from '../e2e/failures/support/api.ts';
import { startHomeport, type HomeportServer } from '../support/homeport.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { UNKNOWN_FIELD } from './messages.ts';
import { callsOf, saidIn } from './player.ts';
import { readRecording, recordedReleases } from './recording.ts';
import { callRaw, connectRaw, restoreInstallation } from './restored.ts';

const POLLS = '/homeport.poll.v1.PollService';
const TUNNELS = '/homeport.tunnel.v1.TunnelService';

for (const release of recordedReleases()) {
  describe(`today's control plane and an agent of ${release}`, function () {
    this.timeout(60_000);
    const { installation, scenes } = readRecording(release);
    const { environmentId } = installation;
    const main = scenes.main ?? [];
    const token = parseJoinToken(installation.joinToken);
    const sessions: ClientHttp2Session[] = [];
    let folder: TemporaryFolder;
    let server: HomeportServer;
    let api: Api;
    let polls: ClientHttp2Session;

    before(async () => {
      folder = createTemporaryFolder();
      await restoreInstallation(folder.path, installation);
      server = await startHomeport({ dataDir: folder.path });
      api = await createApi(server);
      polls = await connectRaw(server.httpsPort, server.ca(), 'localhost');
      sessions.push(polls);
    });
    after(async () => {
      for (const session of sessions) session.destroy();
      await server.stop();
      folder.remove();
    });

    it('gives the same join token for the recorded environment', async () => {
      const { body } = await api.call('GET', `/environments/${environmentId}/deployment`);
      expect(body).to.deep.include({ edgeId: installation.edgeId, joinToken: installation.joinToken });
    });

    it('binds its certificate to the recorded nonce', async () => {
      const [request = Buffer.alloc(0)] = saidIn(main, /GetBinding/, 'agent');
      const call = callRaw(polls, `${POLLS}/GetBinding`);
      call.send(request);
      call.end();
      const shown = new X509Certificate((polls.socket as TLSSocket).getPeerCertificate().raw);
      const fingerprints = [parseFingerprint(token.tunnelFingerprint) ?? Buffer.alloc(0)];
      const { nonce } = GetBindingRequest.decode(request);
      verifyBinding(GetBindingResponse.decode(await call.next()), { fingerprints, nonce, spkiSha256: certificateSpkiSha256(shown), nowMs: Date.now() });
    });

    it('takes a snapshot, once its agent has polled', async () => {
      const poll = callRaw(polls, `${POLLS}/Poll`);
      const [hello = Buffer.alloc(0)] = saidIn(main, /\/Poll$/, 'agent');
      poll.send(hello);
      expect(PollResponse.decode(await poll.next())).to.deep.include({ takeSnapshot: true, pollIntervalMs: 1000 });
      const [recorded] = callsOf(main).filter(({ method }) => method.endsWith('/RecordSnapshot'));
      const call = callRaw(polls, `${POLLS}/RecordSnapshot`);
      for (const step of recorded?.steps ?? []) if (step.is === 'said' && step.by === 'agent') call.send(Buffer.from(step.bytes, 'base64'));
      call.end();
      expect(RecordSnapshotResponse.decode(await call.next())).to.deep.equal({ unchanged: false });
      poll.end();
      expect(await poll.status).to.equal(0);

      const { body } = await api.call('GET', `/environments/${environmentId}`);
      expect(body).to.deep.include({ edgeId: installation.edgeId });
      const [snapshot] = await api.events(`stream=snapshots-${environmentId}`);
      expect(snapshot?.type).to.equal('SnapshotRecorded');
      expect(JSON.stringify(snapshot?.data)).to.include('"box"').and.include('busybox:latest').and.not.include('hidden');
    });

    it('answers every recorded poll', async () => {
      const recorded = ['main', 'troubles', 'endpoints'].flatMap((name) => callsOf(scenes[name] ?? []).filter(({ method }) => method.endsWith('/Poll')));
      expect(recorded.length).to.be.above(3);
      for (const { steps } of recorded) {
        const call = callRaw(polls, `${POLLS}/Poll`);
        for (const step of steps) {
          if (step.is !== 'said' || step.by !== 'agent') continue;
          call.send(Buffer.from(step.bytes, 'base64'));
          expect(PollResponse.decode(await call.next()).minProtocolVersion).to.equal(1);
        }
        call.end();
        expect(await call.status).to.equal(0);
      }
    });

    it('is not led astray by what a later version would say besides', async () => {
      const [hello = Buffer.alloc(0)] = saidIn(main, /\/Poll$/, 'agent');
      const poll = callRaw(polls, `${POLLS}/Poll`);
      poll.send(Buffer.concat([hello, UNKNOWN_FIELD]));
      expect(PollResponse.decode(await poll.next()).pollIntervalMs).to.equal(1000);
      poll.end();
      expect(await poll.status).to.equal(0);
    });

    it('opens a tunnel for the recorded hello with credentials of today, and carries the recorded bytes', async () => {
      const poll = callRaw(polls, `${POLLS}/Poll`);
      const [introduction = Buffer.alloc(0)] = saidIn(main, /\/Poll$/, 'agent');
      poll.send(introduction);
      await poll.next();
      const answered = api.call('GET', `/environments/${environmentId}/docker/containers/json`);
      const { required } = PollResponse.decode(await poll.next());
      const { credentialsId, secret } = openSealedCredentials(required[0]?.sealed ?? Buffer.alloc(0), { joinSecret: token.joinSecret, edgeId: installation.edgeId });

      const tunnel = await connectRaw(server.tunnelPort, installation.tunnelCertificate, 'tunnel.homeport.internal');
      sessions.push(tunnel);
      const open = callRaw(tunnel, `${TUNNELS}/Open`);
      const said = saidIn(main, /\/Open$/, 'agent');
      const { message: hello } = OpenRequest.decode(said[0] ?? Buffer.alloc(0));
      if (hello?.$case !== 'hello') throw new Error('a tunnel begins with a hello');
      open.send(OpenRequest.encode({ message: { $case: 'hello', value: { ...hello.value, credentialsId, secret } } }).finish());
      expect(OpenResponse.decode(await open.next()).message?.$case).to.equal('welcome');

      const { message: dial } = OpenResponse.decode(await open.next());
      if (dial?.$case !== 'dial') throw new Error('it is not dialled');
      const channel = callRaw(tunnel, `${TUNNELS}/Channel`);
      channel.send(ChannelRequest.encode({ message: { $case: 'token', value: dial.value.token } }).finish());
      expect(Buffer.from(dataOf(ChannelResponse.decode(await channel.next()))).toString()).to.match(/^GET \/containers\/json /);
      const [first] = callsOf(main).filter(({ method }) => method.endsWith('/Channel'));
      for (const step of first?.steps ?? []) if (step.is === 'said' && step.by === 'agent' && JSON.stringify(step.says).includes('"data"')) channel.send(Buffer.from(step.bytes, 'base64'));
      const { status, body } = await answered;
      expect([status, (body as readonly { readonly Names: readonly string[] }[])[0]?.Names]).to.deep.equal([200, ['/box']]);

      // A message of a later version, then idle and goodbye, as they were said.
      const [, idle = Buffer.alloc(0), goodbye = Buffer.alloc(0)] = said;
      open.send(UNKNOWN_FIELD);
      open.send(idle);
      expect(OpenResponse.decode(await open.next()).message?.$case).to.equal('idleAnswer');
      open.send(goodbye);
      open.end();
      expect(await open.status).to.equal(0);
      poll.end();
    });
  });
}

function dataOf({ message }: ChannelResponse): Uint8Array {
  if (message?.$case !== 'data') throw new Error('that is no data');
  return message.value;
}
