/** Tunnel identities over rotations: who signs for which agent, and which keys are there. */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BindingError, signBinding, verifyBinding } from '../../../proto/binding.ts';
import { signEndpoints, verifyEndpoints } from '../../../proto/endpoints.ts';
import { StartError } from '../../../services/control-plane/start-error.ts';
import { createTunnelIdentities } from '../../../services/control-plane/tls/tunnel-identities.ts';
import type { TunnelIdentities, TunnelSigner } from '../../../services/control-plane/tls/tunnel-identities.ts';
import type { TunnelCertificateState } from '../../../services/domain/tunnel-certificate.ts';
import { temporaryFolder } from './temporary-folder.ts';

const FIRST: TunnelCertificateState = { fingerprint: null, since: null, formers: [], successions: [], version: 0 };
const acceptedUntil = '2026-01-31T12:00:00.000Z';
const bytes = (fingerprint: string): Buffer => Buffer.from(fingerprint, 'base64');

describe('tunnel identities', () => {
  const folder = temporaryFolder();
  let identities: TunnelIdentities;
  let state: TunnelCertificateState;

  beforeEach(async () => {
    identities = createTunnelIdentities(folder());
    state = FIRST;
    await identities.use(state);
  });

  /** Rotates as the use case does; returns the former fingerprint. */
  async function rotate(isFormerAccepted: boolean): Promise<string> {
    const formerFingerprint = identities.fingerprint();
    const { fingerprint, succession } = await identities.make();
    state = {
      ...state,
      fingerprint,
      formers: isFormerAccepted ? [...state.formers, { fingerprint: formerFingerprint, acceptedUntil }] : [],
      successions: [...state.successions, { formerFingerprint, fingerprint, succession }],
      version: state.version + 1,
    };
    await identities.use(state);
    await identities.forgetOthers();
    return formerFingerprint;
  }

  function isBelieved({ key, successions }: TunnelSigner, accepted: string): boolean {
    const binding = { spkiSha256: Buffer.alloc(32, 1), expiresAtMs: 2, nonce: Buffer.alloc(32, 3) };
    try {
      verifyBinding(signBinding(binding, key, successions), { fingerprints: [bytes(accepted)], nonce: binding.nonce, spkiSha256: binding.spkiSha256, nowMs: 1 });
      return true;
    } catch (error) {
      if (error instanceof BindingError && error.code === 'fingerprint-mismatch') return false;
      throw error;
    }
  }

  it('lead agents from every fingerprint there ever was to the one in use, though no former key is left', async () => {
    const pins = [];
    for (let count = 0; count < 4; count++) pins.push(await rotate(false));
    expect(readdirSync(join(folder(), 'tls')).filter((name) => name.endsWith('.key'))).to.have.length(1);
    for (const pin of [...pins, identities.fingerprint()]) {
      const signer = identities.signerFor([pin]);
      const endpoints = { environmentId: 'e1', version: 9, apiUrl: 'https://cp.example:9443', tunnelAddress: 'cp.example:8000', fingerprints: [bytes(identities.fingerprint())], nonce: Buffer.alloc(32, 4), signedAtMs: 1000 };
      const signed = signEndpoints(endpoints, signer.key, signer.successions);
      expect(verifyEndpoints(signed, { environmentId: 'e1', fingerprints: [bytes(pin)], version: 0, nonce: endpoints.nonce }).version).to.equal(9);
      expect(isBelieved(identities.bindingSignerFor([pin]), pin)).to.equal(true);
    }
    // From where an agent is, and no more than that.
    expect(identities.signerFor(pins).successions).to.have.length(1);
    expect(identities.signerFor([Buffer.alloc(32).toString('base64')]).successions).to.deep.equal([]);
  });

  it('sign bindings by a former key while it is accepted, for agents that know nothing else', async () => {
    const former = await rotate(true);
    const { key } = identities.bindingSignerFor([former]);
    expect(isBelieved({ key, successions: [] }, former)).to.equal(true);
    expect(isBelieved({ ...identities.bindingSignerFor([former, identities.fingerprint()]), successions: [] }, identities.fingerprint())).to.equal(true);
    expect(isBelieved({ ...identities.bindingSignerFor([]), successions: [] }, identities.fingerprint())).to.equal(true);
    await rotate(false);
    expect(isBelieved({ ...identities.bindingSignerFor([former]), successions: [] }, former)).to.equal(false);
  });

  it('are found again by the next process, the certificate made anew where it was lost', async () => {
    await rotate(true);
    const [certificate] = readdirSync(join(folder(), 'tls')).filter((name) => /^tunnel-.*\.pem$/.test(name));
    rmSync(join(folder(), 'tls', certificate ?? ''));
    const next = createTunnelIdentities(folder());
    await next.use(state);
    expect(next.fingerprint()).to.equal(identities.fingerprint());
    expect(readdirSync(join(folder(), 'tls'))).to.include(certificate);
    expect(readdirSync(join(folder(), 'tls')).filter((name) => /^tunnel.*\.key$/.test(name)).map((name) => statSync(join(folder(), 'tls', name)).mode & 0o777)).to.deep.equal([0o600, 0o600]);
  });

  it('are not replaced by new ones where the key that agents pin is missing: the start says so', async () => {
    await rotate(false);
    for (const name of readdirSync(join(folder(), 'tls'))) rmSync(join(folder(), 'tls', name));
    const failure: unknown = await createTunnelIdentities(folder()).use(state).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(StartError).with.property('code', 'tunnel-key-missing');
    expect(readdirSync(join(folder(), 'tls'))).to.deep.equal([]);
  });

  it('leave no key that never came into use, not even one half-written', async () => {
    await rotate(true);
    const { fingerprint } = await identities.make();
    const files = readdirSync(join(folder(), 'tls')).filter((name) => name.startsWith('tunnel'));
    const half = `tunnel-${bytes(fingerprint).toString('hex').slice(0, 16)}.key.0123456789ab`;
    writeFileSync(join(folder(), 'tls', half), '');
    const next = createTunnelIdentities(folder());
    await next.use(state);
    await next.forgetOthers();
    const left = readdirSync(join(folder(), 'tls')).filter((name) => name.startsWith('tunnel'));
    expect([files.length, left.length]).to.deep.equal([6, 4]);
    expect(left).not.to.include(half);
  });

  it('tell whoever serves them when another comes into use, and not at the start', async () => {
    const shown: string[] = [];
    const stop = identities.onReplaced(({ fingerprint }) => shown.push(fingerprint));
    await identities.use(state);
    expect(shown).to.deep.equal([]);
    await rotate(true);
    expect(shown).to.deep.equal([identities.fingerprint()]);
    stop();
    await rotate(true);
    expect(shown).to.have.length(1);
  });
});
