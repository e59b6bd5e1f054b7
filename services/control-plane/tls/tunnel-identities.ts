/**
 * The tunnel identities of an installation: the one in use, former ones that agents accept still, and how one led to the
 * next. Which is which the events say; here are the keys: the first one in `tls/tunnel.key`, each later one in
 * `tls/tunnel-<the fingerprint's first 16 hex digits>.key`, all 0600, their certificates beside them as `.pem`.
 */
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { certificateFingerprint } from '../../../proto/fingerprint.ts';
import { SignedSuccession } from '../../../proto/generated/homeport/poll/v1/poll.ts';
import { signSuccession } from '../../../proto/succession.ts';
import type { TunnelKeys } from '../../application/ports/tunnel-certificate.ts';
import type { TunnelCertificateState } from '../../domain/tunnel-certificate.ts';
import { StartError } from '../start-error.ts';
import { keyPem, readIfPresent, tlsFolder, writeWhole } from './key-files.ts';
import { type TunnelIdentity, loadTunnelIdentity } from './tunnel-identity.ts';

/** Who signs for an agent, and what leads the agent to that key. */
export interface TunnelSigner {
  readonly key: KeyObject;
  readonly successions: readonly SignedSuccession[];
}

/** The keys of an installation's tunnel certificates. */
export interface TunnelIdentities extends TunnelKeys {
  /** The one in use. Before {@link TunnelKeys.use} there is none, which is an error. */
  current(): TunnelIdentity;
  /** The one in use, for an agent that accepts these fingerprints (base64). */
  signerFor(accepted: readonly string[]): TunnelSigner;
  /** The same, but where the agent knows a former one and not the one in use, that one's key while it is there. */
  bindingSignerFor(accepted: readonly string[]): TunnelSigner;
  /** Calls back with each one that comes into use from now on. Returns the way out. */
  onReplaced(listener: (identity: TunnelIdentity) => void): () => void;
}

/** Files of later identities; the second part is of one that a crash left half-written. */
const LATER_FILE = /^(tunnel-[0-9a-f]{16})\.(?:key|pem)(\.[0-9a-f]+)?$/;

/** Opens them. Nothing is read before it is asked for. */
export function createTunnelIdentities(dataDir: string): TunnelIdentities {
  const folder = tlsFolder(dataDir);
  const listeners = new Set<(identity: TunnelIdentity) => void>();
  let used: { readonly identity: TunnelIdentity; readonly formers: ReadonlyMap<string, KeyObject>; readonly successions: TunnelCertificateState['successions'] } | undefined;

  function inUse(): NonNullable<typeof used> {
    if (used === undefined) throw new Error('no tunnel identity is in use yet');
    return used;
  }

  async function keyOf(fingerprint: string): Promise<KeyObject | undefined> {
    const stored = readIfPresent(join(folder, `${fileOf(fingerprint)}.key`)) ?? (await firstKey(fingerprint));
    return stored === undefined ? undefined : createPrivateKey(stored);
  }

  async function identityOf(fingerprint: string): Promise<TunnelIdentity> {
    const path = join(folder, fileOf(fingerprint));
    const key = await keyOf(fingerprint);
    if (key === undefined) {
      throw new StartError('tunnel-key-missing', `${path}.key is missing: the private key of the tunnel certificate that agents pin; put it back, from the same backup as the events`);
    }
    const kept = readIfPresent(`${path}.pem`);
    const isUsable = kept !== undefined && new X509Certificate(kept).checkPrivateKey(key);
    const certificatePem = isUsable ? kept : await makeCertificate(key);
    if (!isUsable) writeWhole(`${path}.pem`, certificatePem, 0o644);
    return { certificatePem, keyPem: keyPem(key), key, fingerprint: certificateFingerprint(new X509Certificate(certificatePem)) };
  }

  /** `fingerprint` is null before the first rotation; what is in use already is not read again. */
  async function chosenIdentity(fingerprint: string | null, before: TunnelIdentity | undefined): Promise<TunnelIdentity> {
    if (before !== undefined && (fingerprint === null || fingerprint === before.fingerprint)) return before;
    return fingerprint === null ? loadTunnelIdentity(dataDir) : identityOf(fingerprint);
  }

  /** The first identity's key, where it is that one and it is there still. */
  async function firstKey(fingerprint: string): Promise<string | undefined> {
    if (readIfPresent(join(folder, 'tunnel.key')) === undefined) return undefined;
    const first = await loadTunnelIdentity(dataDir);
    return first.fingerprint === fingerprint ? first.keyPem : undefined;
  }

  function chainFrom(accepted: readonly string[]): readonly SignedSuccession[] {
    const { identity, successions } = inUse();
    if (accepted.includes(identity.fingerprint)) return [];
    const start = successions.findLastIndex(({ formerFingerprint }) => accepted.includes(formerFingerprint));
    return start < 0 ? [] : successions.slice(start).map(({ succession }) => SignedSuccession.decode(Buffer.from(succession, 'base64')));
  }

  const signerFor = (accepted: readonly string[]): TunnelSigner => ({ key: inUse().identity.key, successions: chainFrom(accepted) });

  return {
    async make() {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const certificatePem = await makeCertificate(privateKey);
      const fingerprint = certificateFingerprint(new X509Certificate(certificatePem));
      const path = join(folder, fileOf(fingerprint));
      writeWhole(`${path}.key`, keyPem(privateKey), 0o600);
      writeWhole(`${path}.pem`, certificatePem, 0o644);
      const { key } = inUse().identity;
      const succession = SignedSuccession.encode(signSuccession(Buffer.from(fingerprint, 'base64'), key)).finish();
      return { fingerprint, succession: Buffer.from(succession).toString('base64') };
    },

    async use({ fingerprint, formers, successions }) {
      const before = used?.identity;
      const identity = await chosenIdentity(fingerprint, before);
      const keys = new Map<string, KeyObject>();
      for (const former of formers) {
        // One that was lost is missed by bindings alone, and there successions do as well.
        const key = await keyOf(former.fingerprint);
        if (key !== undefined) keys.set(former.fingerprint, key);
      }
      used = { identity, formers: keys, successions };
      if (before !== undefined && before.fingerprint !== identity.fingerprint) for (const listener of listeners) listener(identity);
    },

    async forgetOthers() {
      const { identity, formers } = inUse();
      const kept = new Set([identity.fingerprint, ...formers.keys()].map(fileOf));
      for (const name of readdirSync(folder)) {
        const [, identityFile, isHalfWritten] = LATER_FILE.exec(name) ?? [];
        if (identityFile !== undefined && (isHalfWritten !== undefined || !kept.has(identityFile))) rmSync(join(folder, name));
      }
      if (readIfPresent(join(folder, 'tunnel.key')) === undefined) return;
      const { fingerprint } = await loadTunnelIdentity(dataDir);
      if (fingerprint === identity.fingerprint || formers.has(fingerprint)) return;
      rmSync(join(folder, 'tunnel.key'));
      rmSync(join(folder, 'tunnel.pem'), { force: true });
    },

    current: () => inUse().identity,
    fingerprint: () => inUse().identity.fingerprint,
    signerFor,

    bindingSignerFor(accepted) {
      const { identity, formers } = inUse();
      const former = accepted.includes(identity.fingerprint) ? undefined : accepted.map((one) => formers.get(one)).find((key) => key !== undefined);
      return { ...signerFor(accepted), ...(former === undefined ? {} : { key: former }) };
    },

    onReplaced(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function makeCertificate(key: KeyObject): Promise<string> {
  const { makeTunnelCertificate } = await import('./make-certificate.ts');
  return makeTunnelCertificate(key);
}

/** Of a later identity, without its ending. */
function fileOf(fingerprint: string): string {
  return `tunnel-${Buffer.from(fingerprint, 'base64').toString('hex').slice(0, 16)}`;
}
