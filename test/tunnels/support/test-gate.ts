/** A gate that knows some credentials by heart and remembers what it was told. */
import { CredentialsRefused, type OpenedTunnel, type TunnelGate, type TunnelOpening } from '../../../services/application/ports/tunnel-gate.ts';
import type { TunnelLossReason } from '../../../services/domain/events.ts';
import { environmentTunnel } from '../../../services/domain/tunnel-key.ts';

export interface TestGate extends TunnelGate {
  readonly openings: TunnelOpening[];
  /** The addresses of hellos that could not be read. */
  readonly malformed: string[];
  readonly ready: (tunnel: OpenedTunnel) => void;
  readonly losses: { readonly credentialsId: string; readonly reason: TunnelLossReason }[];
  readonly questions: { readonly lastUsedAtMs: number; readonly inUse: boolean }[];
  /** The answer to the next idle questions. */
  answer: boolean | Promise<boolean>;
  /** Resolves when so many losses are known. */
  lossCount(count: number): Promise<void>;
}

/** The secret of all good credentials. */
export const GOOD_SECRET = Buffer.alloc(32, 's');
/** Credentials that were never issued. */
export const UNKNOWN_CREDENTIALS = '00000000-0000-0000-0000-000000000000';

/** Accepts all credentials but the unknown, with the good secret, each once. */
export function createTestGate(settings: { readonly inactivityMs?: number; readonly maxChannels?: number } = {}): TestGate {
  const used = new Set<string>();
  const losses: { credentialsId: string; reason: TunnelLossReason }[] = [];
  let waiters: { count: number; resolve: () => void }[] = [];
  const gate: TestGate = {
    openings: [],
    malformed: [],
    refuseMalformed(address) {
      gate.malformed.push(address);
      return new CredentialsRefused('malformed-credentials', 'That is no hello.');
    },
    losses,
    questions: [],
    answer: false,
    open(opening) {
      gate.openings.push(opening);
      const { environmentId, credentialsId, secret, instanceId } = opening;
      if (credentialsId === UNKNOWN_CREDENTIALS) return Promise.reject(new CredentialsRefused('unknown-credentials', 'No such credentials.'));
      if (!GOOD_SECRET.equals(secret)) return Promise.reject(new CredentialsRefused('wrong-secret', 'The secret is wrong.'));
      if (used.has(credentialsId)) return Promise.reject(new CredentialsRefused('credentials-used', 'These credentials were used before.'));
      used.add(credentialsId);
      return Promise.resolve({
        key: environmentTunnel(environmentId),
        credentialsId,
        agentNode: 'node',
        instanceId,
        inactivityMs: settings.inactivityMs ?? 300_000,
        maxChannels: settings.maxChannels ?? 256,
      });
    },
    ready: () => undefined,
    lost({ credentialsId }, reason) {
      losses.push({ credentialsId, reason });
      waiters = waiters.filter(({ count, resolve }) => {
        if (losses.length >= count) resolve();
        return losses.length < count;
      });
      return Promise.resolve();
    },
    mayClose(_tunnel, use) {
      gate.questions.push(use);
      return Promise.resolve(gate.answer);
    },
    closed: () => Promise.resolve(),
    lossCount: (count) =>
      new Promise((resolve) => {
        if (losses.length >= count) resolve();
        else waiters.push({ count, resolve });
      }),
  };
  return gate;
}
