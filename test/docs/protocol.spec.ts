/** docs/protocol.md says what the code does: its reasons, its worked examples, and the tests that show its rules. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { verifyBinding } from '../../proto/binding.ts';
import { channelId } from '../../proto/channel-id.ts';
import { writeChannelMessage, type OutgoingChannelMessage } from '../../proto/channel-codec.ts';
import { verifyEndpoints } from '../../proto/endpoints.ts';
import { spkiSha256 } from '../../proto/fingerprint.ts';
import { Binding, Endpoints, TunnelCredentials } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { deriveJoinSecret } from '../../proto/join-secret.ts';
import { encodeJoinToken } from '../../proto/join-token.ts';
import { openSealedCredentials, sealCredentials } from '../../proto/sealed-credentials.ts';
import { Writable } from 'node:stream';
import nacl from 'tweetnacl';
import { codesIn, codesOf, entriesOf, sourceText, testTitles } from './declared-codes.ts';

const page = sourceText('docs/protocol.md');

describe('docs/protocol.md', () => {
  it('has each reason of a refused poll with its status, and no other', () => {
    const statuses = Object.entries(entriesOf('services/polls/refusal-status.ts', 'statuses'));
    expect(statuses.length).to.be.above(10);
    const documented = rowsUnder('| reason | status | what mends it |').map(([reason = '', status]) => [codesOfCell(reason).join(), `status.${status ?? ''}`]);
    expect(Object.fromEntries(documented)).to.deep.equal(Object.fromEntries(statuses));
  });

  it('has each reason of a refused Open, and no other', () => {
    const edge = codesIn('services/tunnels/open-call.ts', /refuse\(status\.\w+, '([a-z-]+)'/g);
    const declared = [...codesOf('services/domain/events.ts', 'CredentialsRefusalReason'), ...edge, ...codesIn('services/tunnels/open-call.ts', /error\.reason === '([a-z-]+)'/g)];
    expect(codesUnder('| reason of a refused Open | status | |')).to.have.members(declared);
    expect(page).to.include(`\`homeport-reason: ${codesIn('services/tunnels/channel-call.ts', /\[REASON_TRAILER\]: '([a-z-]+)'/g).join()}\``);
  });

  it('has each reason that an agent gives, and no other', () => {
    const declared = [
      ...codesOf('agent/connection/connect-failure.ts', 'ConnectFailureCode'),
      ...codesOf('proto/binding.ts', 'BindingErrorCode'),
      ...codesOf('proto/endpoints.ts', 'EndpointsErrorCode'),
      ...codesIn('proto/sealed-credentials.ts', /readonly code = '([a-z-]+)'/g),
      ...codesOf('agent/tunnel/tunnel-failure.ts', 'TunnelFailureReason'),
      ...codesOf('agent/tunnel/dial-target.ts', 'DialFailureReason'),
      ...codesIn('agent/engine/engine-trouble.ts', /\['([a-z-]+)', /g),
      ...codesIn('agent/snapshot/*.ts', /reason: '([a-z-]+)'/g),
      ...codesIn('agent/tunnel/channel-bridge.ts', /'(target-[a-z-]+)'/g),
      ...codesIn('agent/tunnel/open-tunnel.ts', /\bleave\('([a-z-]+)'\)/g),
      ...codesIn('agent/held-tunnels.ts', /\btunnel\.close\('([a-z-]+)'\)/g),
    ];
    expect(declared.length).to.be.above(40);
    expect(codesUnder('| reason | in | |')).to.have.members([...new Set(declared)]);
  });

  it('has each reason that the control plane gives, and no other', () => {
    const declared = [
      ...codesOf('services/domain/events.ts', 'DisconnectReason'),
      ...codesOf('services/tunnels/live-tunnel.ts', 'DrainReason'),
      ...codesIn('services/tunnels/channel-stream.ts', /error\.code : '([a-z-]+)'/g),
      ...codesIn('services/tunnels/*.ts', /(?:destroy|destroyAll)\(new TunnelError\('([a-z-]+)'/g),
    ];
    expect(codesUnder('What the control plane says:\n\n| reason | in | |')).to.have.members([...new Set(declared)]);
  });

  it('reckons its worked examples as the code does', async () => {
    const said = workedExamples();
    const joinSecret = deriveJoinSecret(said.bytes('installation key'), said.text('environment id'), Number(said.text('token version')));
    expect(hex(joinSecret)).to.equal(said.text('join secret'));
    const spki = said.bytes('tunnel public key (SPKI)');
    const tunnelFingerprint = spkiSha256(spki).toString('base64');
    expect(tunnelFingerprint).to.equal(said.text('tunnel fingerprint (base64)'));
    const tunnelAddress = said.text('tunnel address');
    const token = { apiUrl: said.text('API URL'), tunnelAddress, tunnelFingerprint, environmentId: said.text('environment id'), joinSecret };
    expect(encodeJoinToken(token)).to.equal(said.text('join token (base64)'));

    const keyParts = { joinSecret, edgeId: said.text('Edge ID') };
    const credentials = { credentialsId: said.text('credentials id'), secret: said.bytes('credentials secret'), tunnelAddress, validForMs: Number(said.text('valid for ms')) };
    expect(hex(TunnelCredentials.encode(credentials).finish())).to.equal(said.text('encoded TunnelCredentials'));
    const sealed = said.bytes('sealed credentials');
    expect(hex(sealCredentials(credentials, keyParts, said.bytes('secretbox nonce')))).to.equal(hex(sealed));
    expect(openSealedCredentials(sealed, keyParts).credentialsId).to.equal('c1');
    const box = nacl.secretbox.open(sealed.subarray(24), sealed.subarray(0, 24), said.bytes('credentials key'));
    expect(hex(box ?? new Uint8Array())).to.equal(said.text('encoded TunnelCredentials'));

    const certificateSha256 = said.bytes('API certificate SPKI SHA-256');
    const nonce = said.bytes('binding nonce');
    const expiresAtMs = Number(said.text('binding expires at ms'));
    const binding = said.bytes('encoded Binding');
    expect(hex(Binding.encode({ spkiSha256: certificateSha256, expiresAtMs, nonce }).finish())).to.equal(hex(binding));
    const answer = { binding, signature: said.bytes('binding signature'), tunnelPublicKey: spki, successions: [] };
    verifyBinding(answer, { fingerprints: [spkiSha256(spki)], nonce, spkiSha256: certificateSha256, nowMs: expiresAtMs - 1 });

    const endpoints = {
      environmentId: token.environmentId,
      version: Number(said.text('endpoints version')),
      apiUrl: said.text('new API URL'),
      tunnelAddress: said.text('new tunnel address'),
      fingerprints: [spkiSha256(spki)],
      nonce: said.bytes('endpoints nonce'),
      signedAtMs: Number(said.text('endpoints signed at ms')),
    };
    const encodedEndpoints = said.bytes('encoded Endpoints');
    expect(hex(Endpoints.encode(endpoints).finish())).to.equal(hex(encodedEndpoints));
    const signed = { endpoints: encodedEndpoints, signature: said.bytes('endpoints signature'), tunnelPublicKey: spki, successions: [] };
    expect(verifyEndpoints(signed, { environmentId: token.environmentId, fingerprints: [spkiSha256(spki)], version: endpoints.version - 1, nonce: endpoints.nonce })).to.deep.equal(endpoints);

    expect(channelId(said.bytes('dial token'))).to.equal(said.text('channel id'));
    expect(await framed({ kind: 'data', chunks: [Buffer.from('hi')], length: 2 })).to.equal(said.text('data message "hi" in gRPC\'s framing'));
    expect(await framed({ kind: 'eof' })).to.equal(said.text("eof message in gRPC's framing"));
    expect(said.unread()).to.deep.equal([]);
  });

  it('names for each rule tests that are there', () => {
    const rules = rowsUnder('| rule | shown by |', page.indexOf('## Rules and the tests')).filter(([rule = '']) => !rule.startsWith('**'));
    expect(rules.length).to.be.above(60);
    const missing = rules.flatMap(([rule = '', proof = '']) => {
      const tests = testsIn(proof);
      return tests.length === 0 ? [rule] : tests.filter(([file, title]) => !existsSync(new URL(`../../${file}`, import.meta.url)) || !testTitles(file).includes(title)).map(([file, title]) => `${file}: ${title}`);
    });
    expect(missing).to.deep.equal([]);
  });
});

/** The cells of the rows of the table with this header. */
function rowsUnder(header: string, from = 0): readonly (readonly string[])[] {
  const at = page.indexOf(header, from);
  if (at < 0) throw new Error(`there is no table ${header}`);
  const lines = page.slice(at + header.length).split('\n').slice(2);
  return lines.slice(0, lines.findIndex((line) => !line.startsWith('|'))).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}

function codesUnder(header: string): readonly string[] {
  return rowsUnder(header).flatMap(([cell = '']) => codesOfCell(cell));
}

function codesOfCell(cell: string): readonly string[] {
  return [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, code = '']) => code);
}

/** `file`: *title*, and more titles of the same file. */
function testsIn(proof: string): readonly (readonly [file: string, title: string])[] {
  return [...proof.matchAll(/`(test\/[^`]+)`:((?: ?\*.+?\*(?:<br>|$))+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/\*(.+?)\*(?:<br>|$)/g)].map(([, title = '']) => [file, title] as const),
  );
}

interface WorkedExamples {
  text(name: string): string;
  bytes(name: string): Buffer;
  /** Names that nobody asked for. */
  unread(): readonly string[];
}

function workedExamples(): WorkedExamples {
  const block = /## Worked examples.*?```text\n(.*?)```/s.exec(page)?.[1] ?? '';
  const lines = block.replaceAll('\n  ', '').split('\n').filter((line) => line !== '');
  const values = new Map(lines.map((line) => line.split(' = ', 2) as [string, string]));
  const unread = new Set(values.keys());
  const text = (name: string): string => {
    unread.delete(name);
    const value = values.get(name);
    if (value === undefined) throw new Error(`there is no example of ${name}`);
    return value;
  };
  return { text, bytes: (name) => Buffer.from(text(name), 'hex'), unread: () => [...unread] };
}

function framed(message: OutgoingChannelMessage): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const stream = new Writable({
      write(piece: Buffer, _encoding, done) {
        pieces.push(piece);
        done();
      },
    });
    writeChannelMessage(stream, message, () => resolve(hex(Buffer.concat(pieces))));
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
