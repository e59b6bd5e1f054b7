/** What releases said on the wire: today's code reads it as it was meant, and opens and verifies what was sealed and signed. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { verifyBinding } from '../../proto/binding.ts';
import { verifyEndpoints } from '../../proto/endpoints.ts';
import { parseFingerprint } from '../../proto/fingerprint.ts';
import { GetBindingRequest, GetBindingResponse, PollRequest, PollResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { OpenRequest } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { deriveJoinSecret } from '../../proto/join-secret.ts';
import { parseJoinToken } from '../../proto/join-token.ts';
import { openSealedCredentials } from '../../proto/sealed-credentials.ts';
import { callsOf, saidIn } from './player.ts';
import { meaningOf, readRecording, recordedReleases, type Step } from './recording.ts';

describe('messages recorded on the wire', () => {
  it('are kept of at least one release', () => {
    expect(recordedReleases()).to.not.deep.equal([]);
  });

  for (const release of recordedReleases()) {
    const { installation, scenes } = readRecording(release);
    const token = parseJoinToken(installation.joinToken);
    const fingerprint = parseFingerprint(token.tunnelFingerprint) ?? Buffer.alloc(0);
    const all = Object.values(scenes);

    it(`${release}: each says today what it said then`, () => {
      let compared = 0;
      for (const { method, steps } of all.flatMap(callsOf)) {
        for (const step of steps) {
          if (step.is !== 'said' || step.says === undefined) continue;
          expect(covers(meaningOf(method, step.by, Buffer.from(step.bytes, 'base64')), step.says), `${method}: ${JSON.stringify(step.says)}`).to.equal(true);
          compared += 1;
        }
      }
      expect(compared).to.be.above(50);
    });

    it(`${release}: they are said in the order that docs/protocol.md draws`, () => {
      const drawn = drawnOrder();
      expect(drawn).to.have.length(15);
      let next = 0;
      for (const label of labelsOf(scenes.main ?? [])) if (label === drawn[next]) next += 1;
      expect(drawn.slice(next), 'never said, or too early').to.deep.equal([]);
    });

    it(`${release}: they are of every kind`, () => {
      const kinds = all.flat().flatMap((step) => (step.is === 'said' ? [step.says as { message?: { $case: string } } | undefined] : [])).map((says) => says?.message?.$case);
      const every = ['hello', 'chunk', 'welcome', 'dial', 'dialFailed', 'idle', 'idleAnswer', 'liveChannels', 'drain', 'goodbye', 'token', 'data', 'eof', 'reset'];
      expect(every.filter((kind) => !kinds.includes(kind))).to.deep.equal([]);
    });

    it(`${release}: the join secret is derived as it was`, () => {
      const derived = deriveJoinSecret(Buffer.from(installation.installationKey, 'base64'), installation.environmentId, 1);
      expect(derived.equals(token.joinSecret)).to.equal(true);
    });

    it(`${release}: bindings are believed`, () => {
      const requests = all.flatMap((scene) => saidIn(scene, /GetBinding/, 'agent'));
      const answers = all.flatMap((scene) => saidIn(scene, /GetBinding/, 'control-plane'));
      expect(requests).to.have.length(answers.length).and.not.length(0);
      requests.forEach((request, index) => {
        const { nonce, fingerprints } = GetBindingRequest.decode(request);
        const expected = { fingerprints: [fingerprint, ...fingerprints], nonce, spkiSha256: Buffer.from(installation.apiSpkiSha256, 'hex'), nowMs: installation.recordedAtMs };
        verifyBinding(GetBindingResponse.decode(answers[index] ?? Buffer.alloc(0)), expected);
      });
    });

    it(`${release}: sealed credentials open, and are those that the tunnel was opened with`, () => {
      const keyParts = { joinSecret: token.joinSecret, edgeId: installation.edgeId };
      const answers = all.flatMap((scene) => saidIn(scene, /\/Poll$/, 'control-plane')).map((bytes) => PollResponse.decode(bytes));
      const opened = answers.flatMap(({ required }) => required.map(({ sealed }) => openSealedCredentials(sealed, keyParts)));
      const hellos = all.flatMap((scene) => saidIn(scene, /\/Open$/, 'agent')).map((bytes) => OpenRequest.decode(bytes).message);
      const used = hellos.flatMap((message) => (message?.$case === 'hello' ? [message.value] : []));
      expect(used).to.not.deep.equal([]);
      for (const { credentialsId, secret } of used) expect(opened.some((one) => one.credentialsId === credentialsId && Buffer.from(one.secret).equals(secret))).to.equal(true);
      for (const { tunnelAddress, validForMs } of opened) expect([tunnelAddress, validForMs]).to.deep.equal([token.tunnelAddress, 10_000]);
    });

    it(`${release}: endpoints are believed, also those signed by the next tunnel identity`, () => {
      const calls = all.flatMap(callsOf).filter(({ method }) => method.endsWith('/Poll'));
      const answered = calls.flatMap(({ steps }) => {
        const [hello = Buffer.alloc(0)] = bytesOf(steps, 'agent');
        const nonce = PollRequest.decode(hello).hello?.endpoints?.nonce ?? Buffer.alloc(0);
        return bytesOf(steps, 'control-plane').flatMap((bytes) => {
          const { endpoints } = PollResponse.decode(bytes);
          return endpoints === undefined ? [] : [{ endpoints, nonce }];
        });
      });
      const said = answered.map(({ endpoints }) => endpoints);
      const verified = answered.map(({ endpoints, nonce }) => verifyEndpoints(endpoints, { environmentId: installation.environmentId, fingerprints: [fingerprint], version: 0, nonce }));
      expect(verified.some(({ apiUrl }) => apiUrl === 'https://moved.homeport.recorded:9443')).to.equal(true);
      expect(verified.some(({ fingerprints }) => fingerprints.length === 2)).to.equal(true);
      expect(said.some(({ tunnelPublicKey }) => !createHash('sha256').update(tunnelPublicKey).digest().equals(fingerprint))).to.equal(true);
    });
  }
});

const LABELS = /GetBinding|binding, signature|Poll: hello|take a snapshot|RecordSnapshot|required: sealed|Open: hello|welcome|dial\(token\)|Channel: token|bytes|idle {2}|close|goodbye/;

function bytesOf(steps: readonly Step[], by: 'agent' | 'control-plane'): readonly Buffer[] {
  return steps.flatMap((step) => (step.is === 'said' && step.by === by ? [Buffer.from(step.bytes, 'base64')] : []));
}

/** What the agent's column of the picture names, line by line. */
function drawnOrder(): readonly string[] {
  const picture = /```\nagent .*?```/s.exec(readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8'))?.[0] ?? '';
  return picture.split('\n').flatMap((line) => LABELS.exec(line.slice(0, 40))?.[0] ?? []);
}

/** A scene in the picture's words. */
function labelsOf(scene: readonly Step[]): readonly string[] {
  const methods = new Map(callsOf(scene).map(({ call, method }) => [call, method.replace(/^.*\//, '')]));
  return scene.flatMap((step) => {
    const method = methods.get(step.call) ?? '';
    if (step.is === 'begun') return /GetBinding|RecordSnapshot/.test(method) ? [method] : [];
    if (step.is !== 'said') return [];
    const says = (step.says ?? {}) as { readonly hello?: object; readonly takeSnapshot?: boolean; readonly required?: readonly object[]; readonly message?: { readonly $case: string; readonly value: { readonly close?: boolean } } };
    const kind = says.message?.$case ?? '';
    const [, label] =
      [
        [method === 'GetBinding' && step.by === 'control-plane', 'binding, signature'],
        [method === 'Poll' && says.hello !== undefined, 'Poll: hello'],
        [says.takeSnapshot === true, 'take a snapshot'],
        [(says.required ?? []).length > 0, 'required: sealed'],
        [method === 'Open' && kind === 'hello', 'Open: hello'],
        [kind === 'welcome' || kind === 'goodbye', kind],
        [kind === 'dial', 'dial(token)'],
        [kind === 'token', 'Channel: token'],
        [kind === 'data', 'bytes'],
        [kind === 'idle', 'idle  '],
        [kind === 'idleAnswer' && says.message?.value.close === true, 'close'],
      ].find(([isIt]) => isIt === true) ?? [];
    return typeof label === 'string' ? [label] : [];
  });
}

/** Whether something says all that another does; what it says besides is of a later version. */
function covers(today: unknown, then: unknown): boolean {
  if (typeof then !== 'object' || then === null) return Object.is(today, then);
  if (typeof today !== 'object' || today === null || Array.isArray(today) !== Array.isArray(then)) return false;
  if (Array.isArray(then) && (today as unknown[]).length !== then.length) return false;
  return Object.entries(then).every(([name, value]) => covers((today as Record<string, unknown>)[name], value));
}
