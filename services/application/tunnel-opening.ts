/** Opening: what an agent brings to the tunnel port is consumed, or refused and recorded. */
import type { TunnelEvent } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import type { TunnelKey } from '../domain/tunnel-key.ts';
import { type Clock, instantOf } from './clock.ts';
import { hashOfSecret } from './credentials-hash.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { peerGroup } from './peer-address.ts';
import type { SettingsAccess } from './ports/settings.ts';
import { CredentialsRefused, type TunnelGate, type TunnelOpening } from './ports/tunnel-gate.ts';
import type { Refusals } from './refusals.ts';
import type { ApplicationTallies } from './tallies.ts';
import type { TunnelRecord } from './tunnel-record.ts';

const issuedKept = 10_000;

/** Judges and records the opening of tunnels, and refuses what has no good credentials. */
export interface TunnelOpenings extends Pick<TunnelGate, 'open' | 'refuseMalformed'> {
  /** Credentials were issued for a tunnel: those of another environment are told from unknown ones. */
  issued(key: TunnelKey, credentialsId: string): void;
  recorded(key: TunnelKey, event: TunnelEvent): void;
}

/** Creates the gate's entrance. `epoch` is this process of `controlPlaneNode`. */
export function createTunnelOpenings(deps: {
  readonly record: TunnelRecord;
  readonly environments: Pick<EnvironmentStreams, 'peek'>;
  readonly settings: SettingsAccess;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly controlPlaneNode: string;
  readonly epoch: string;
  readonly tallies: ApplicationTallies;
}): TunnelOpenings {
  const { record, environments, settings, refusals, clock, controlPlaneNode, epoch, tallies } = deps;
  /** The tunnels that credentials were issued for, the last so many. */
  const issuedFor = new Map<string, TunnelKey>();

  function issued(key: TunnelKey, credentialsId: string): void {
    issuedFor.set(credentialsId, key);
    const [oldest] = issuedFor.keys();
    if (issuedFor.size > issuedKept && oldest !== undefined) issuedFor.delete(oldest);
  }

  function refuse(opening: TunnelOpening, reason: CredentialsRefused['reason'], message: string): CredentialsRefused {
    tallies.credentialsRefused[reason] += 1;
    if (reason !== 'event-store-unavailable') {
      const { environmentId, credentialsId, address } = opening;
      const data = { at: instantOf(clock), environmentId: environments.peek(environmentId) === undefined ? null : environmentId, credentialsId, reason, address };
      refusals.record({ type: 'TunnelCredentialsRefused', data }, peerGroup(address), record.system());
    }
    return new CredentialsRefused(reason, message);
  }

  return {
    issued,

    recorded(key, event) {
      if (event.type === 'TunnelCredentialsIssued') issued(key, event.data.credentialsId);
    },

    async open(opening) {
      const { environmentId, credentialsId, secret, instanceId, address } = opening;
      const known = issuedFor.get(credentialsId);
      if (known !== undefined && known.environmentId !== environmentId) {
        throw refuse(opening, 'wrong-environment', 'these tunnel credentials were issued for another environment');
      }
      const keys = record.of(environmentId);
      const states = await Promise.all(keys.map((key) => record.load(key)));
      const at = states.findIndex((state) => (state.status === 'opening' || state.status === 'open') && state.grant.credentialsId === credentialsId);
      const spentAt = states.findIndex(({ spent }) => spent.some((one) => one.credentialsId === credentialsId));
      // A closed tunnel is not among them, but may be the one whose spent credentials come back.
      const key = keys[at] ?? keys[spentAt] ?? known ?? { environmentId, node: null };
      const granted = states[at];
      const agentNode = granted?.status === 'opening' ? granted.grant.agentNode : 'unknown';
      const command = { type: 'open', credentialsId, secretHash: hashOfSecret(secret), agentInstanceId: instanceId, address, controlPlaneNode, epoch } as const;
      try {
        const { state } = await record.run(key, command, record.following(key, `agent:${environmentId}/${agentNode}`));
        if (state.status !== 'open') throw new Refusal('unknown-credentials', 'no such tunnel credentials were issued');
        const { inactivityTimeoutSeconds, maxChannelsPerTunnel } = settings.current();
        return {
          key,
          credentialsId,
          agentNode: state.grant.agentNode,
          instanceId,
          inactivityMs: inactivityTimeoutSeconds * 1000,
          maxChannels: maxChannelsPerTunnel,
        };
      } catch (error) {
        if (error instanceof Refusal) throw refuse(opening, reasonOf(error), error.message);
        throw refuse(opening, 'event-store-unavailable', 'the event store cannot record this now; try again');
      }
    },

    refuseMalformed(address) {
      tallies.credentialsRefused['malformed-credentials'] += 1;
      const data = { at: instantOf(clock), environmentId: null, credentialsId: null, reason: 'malformed-credentials', address } as const;
      refusals.record({ type: 'TunnelCredentialsRefused', data }, peerGroup(address), record.system());
      return new CredentialsRefused('malformed-credentials', 'The hello is not one that tunnel credentials give rise to.');
    },
  };
}

function reasonOf({ code }: Refusal): CredentialsRefused['reason'] {
  switch (code) {
    case 'credentials-used':
    case 'credentials-expired':
    case 'credentials-revoked':
    case 'wrong-secret':
      return code;
    default:
      return 'unknown-credentials';
  }
}
