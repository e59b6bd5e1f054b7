/** Decides the life of one tunnel: required, credentials, open, lost or closed. */
import type { Decider } from './decider.ts';
import type { DisconnectReason, Instant, RevocationReason, TunnelEvent, TunnelLossReason } from './events.ts';
import { Refusal } from './refusal.ts';
import type { TunnelKey } from './tunnel-key.ts';

/** Credentials that were issued and not yet revoked. */
export interface Grant {
  readonly credentialsId: string;
  /** SHA-256 of the secret, base64. */
  readonly secretHash: string;
  readonly agentInstanceId: string;
  readonly agentNode: string;
  readonly expiresAt: Instant;
}

/** The control-plane process that holds an open tunnel. */
export interface Holder {
  readonly controlPlaneNode: string;
  readonly epoch: string;
}

/** How credentials ended, kept for a while so that a second use is refused with its reason. */
type SpentHow = 'credentials-used' | 'credentials-expired' | 'credentials-revoked';

interface Common {
  readonly since: Instant | null;
  /** Newest last, at most {@link spentKept}. */
  readonly spent: readonly { readonly credentialsId: string; readonly how: SpentHow }[];
  readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: Instant } | null;
}

/**
 * ```
 *            TunnelRequired            TunnelCredentialsIssued            TunnelOpened
 *   closed ────────────────▶ required ───────────────────────▶ opening ───────────────▶ open
 *     ▲                       │  ▲  ▲                             │                     │ │
 *     ├─TunnelRequirementLapsed  │  └─TunnelCredentialsExpired────┤                     │ │
 *     │                          │    TunnelOpenFailed ───────────┘                     │ │
 *     │                          └───────────────────── TunnelLost ─────────────────────┘ │
 *     └──────────────────────────────────────────────── TunnelClosed ─────────────────────┘
 * ```
 * TunnelCredentialsRevoked follows whatever ends a grant and changes no state but the grant's own.
 */
export type TunnelState =
  | (Common & { readonly status: 'closed' })
  | (Common & { readonly status: 'required' })
  | (Common & { readonly status: 'opening'; readonly grant: Grant })
  | (Common & { readonly status: 'open'; readonly grant: Grant; readonly holder: Holder });

export type TunnelCommand = { readonly at: Instant; readonly key: TunnelKey } & (
  | { readonly type: 'require' }
  | ({ readonly type: 'issue-credentials' } & Grant)
  | { readonly type: 'expire-credentials'; readonly credentialsId: string }
  | { readonly type: 'fail-to-open'; readonly credentialsId: string; readonly reason: string; readonly detail: string }
  | ({
      readonly type: 'open';
      readonly credentialsId: string;
      readonly secretHash: string;
      readonly agentInstanceId: string;
      readonly address: string;
    } & Holder)
  | { readonly type: 'lose'; readonly credentialsId: string; readonly reason: TunnelLossReason }
  | { readonly type: 'close-idle'; readonly credentialsId: string }
  | { readonly type: 'disconnect'; readonly reason: DisconnectReason }
  | { readonly type: 'lapse' }
);

type OpenCommand = Extract<TunnelCommand, { type: 'open' }>;

/** How many spent credentials a tunnel remembers. */
const spentKept = 16;

function revoked(command: TunnelCommand, credentialsId: string, reason: RevocationReason): TunnelEvent {
  return { type: 'TunnelCredentialsRevoked', data: { at: command.at, ...command.key, credentialsId, reason } };
}

function expired(command: TunnelCommand, grant: Grant): TunnelEvent[] {
  return [
    { type: 'TunnelCredentialsExpired', data: { at: command.at, ...command.key, credentialsId: grant.credentialsId } },
    revoked(command, grant.credentialsId, 'expired'),
  ];
}

function issue(command: Extract<TunnelCommand, { type: 'issue-credentials' }>, state: TunnelState): TunnelEvent[] {
  const { type: _type, at, key, ...grant } = command;
  const issued: TunnelEvent = { type: 'TunnelCredentialsIssued', data: { at, ...key, ...grant } };
  if (state.status === 'required') return [issued];
  if (state.status === 'opening' && at >= state.grant.expiresAt) return [...expired(command, state.grant), issued];
  return [];
}

function open(command: OpenCommand, state: TunnelState): TunnelEvent[] {
  const { at, key, credentialsId, secretHash, agentInstanceId, address, controlPlaneNode, epoch } = command;
  const spent = state.spent.find((one) => one.credentialsId === credentialsId);
  if (spent !== undefined) throw new Refusal(spent.how, 'these tunnel credentials are no longer good');
  const grant = state.status === 'opening' || state.status === 'open' ? state.grant : undefined;
  if (grant?.credentialsId !== credentialsId) throw new Refusal('unknown-credentials', 'no such tunnel credentials were issued');
  if (grant.secretHash !== secretHash) throw new Refusal('wrong-secret', 'the secret is not that of these tunnel credentials');
  if (state.status === 'open') throw new Refusal('credentials-used', 'these tunnel credentials were used before');
  if (at >= grant.expiresAt) throw new Refusal('credentials-expired', 'these tunnel credentials have expired');
  const { agentNode } = grant;
  return [{ type: 'TunnelOpened', data: { at, ...key, credentialsId, agentInstanceId, agentNode, address, controlPlaneNode, epoch } }];
}

function disconnect(command: Extract<TunnelCommand, { type: 'disconnect' }>, state: TunnelState): TunnelEvent[] {
  const { at, key, reason } = command;
  const lapsed: TunnelEvent = { type: 'TunnelRequirementLapsed', data: { at, ...key, reason: 'disconnected' } };
  switch (state.status) {
    case 'closed':
      return [];
    case 'required':
      return [lapsed];
    case 'opening':
      return [revoked(command, state.grant.credentialsId, reason), lapsed];
    case 'open':
      return [
        { type: 'TunnelClosed', data: { at, ...key, credentialsId: state.grant.credentialsId, reason } },
        revoked(command, state.grant.credentialsId, reason),
      ];
  }
}

/** Also while an agent is asked: one that polls and never opens is asked again every few seconds. */
function lapse(command: TunnelCommand, state: TunnelState): TunnelEvent[] {
  const { at, key } = command;
  const lapsed: TunnelEvent = { type: 'TunnelRequirementLapsed', data: { at, ...key, reason: 'unused' } };
  if (state.status === 'opening') return [revoked(command, state.grant.credentialsId, 'lapsed'), lapsed];
  return state.status === 'required' ? [lapsed] : [];
}

function decide(command: TunnelCommand, state: TunnelState): readonly TunnelEvent[] {
  const { at, key } = command;
  switch (command.type) {
    case 'require':
      return state.status === 'closed' ? [{ type: 'TunnelRequired', data: { at, ...key } }] : [];
    case 'issue-credentials':
      return issue(command, state);
    case 'expire-credentials':
      if (state.status !== 'opening' || state.grant.credentialsId !== command.credentialsId) return [];
      return at >= state.grant.expiresAt ? expired(command, state.grant) : [];
    case 'fail-to-open': {
      if (state.status !== 'opening' || state.grant.credentialsId !== command.credentialsId) return [];
      const { credentialsId, reason, detail } = command;
      return [
        { type: 'TunnelOpenFailed', data: { at, ...key, credentialsId, reason, detail } },
        revoked(command, credentialsId, 'open-failed'),
      ];
    }
    case 'open':
      return open(command, state);
    case 'lose': {
      if (state.status !== 'open' || state.grant.credentialsId !== command.credentialsId) return [];
      const { credentialsId, reason } = command;
      return [{ type: 'TunnelLost', data: { at, ...key, credentialsId, reason } }, revoked(command, credentialsId, 'lost')];
    }
    case 'close-idle': {
      if (state.status !== 'open' || state.grant.credentialsId !== command.credentialsId) return [];
      const { credentialsId } = command;
      return [{ type: 'TunnelClosed', data: { at, ...key, credentialsId, reason: 'idle' } }, revoked(command, credentialsId, 'idle')];
    }
    case 'disconnect':
      return disconnect(command, state);
    case 'lapse':
      return lapse(command, state);
  }
}

function spend(state: TunnelState, credentialsId: string, how: SpentHow): Common['spent'] {
  if (state.spent.some((one) => one.credentialsId === credentialsId)) return state.spent;
  return [...state.spent, { credentialsId, how }].slice(-spentKept);
}

function evolve(state: TunnelState, event: TunnelEvent): TunnelState {
  const { at } = event.data;
  const { spent, lastFailure } = state;
  switch (event.type) {
    case 'TunnelRequired':
      return { status: 'required', since: at, spent, lastFailure: null };
    case 'TunnelCredentialsIssued': {
      const { credentialsId, secretHash, agentInstanceId, agentNode, expiresAt } = event.data;
      const grant = { credentialsId, secretHash, agentInstanceId, agentNode, expiresAt };
      return { status: 'opening', since: at, spent, lastFailure, grant };
    }
    case 'TunnelCredentialsExpired': {
      const failure = { reason: 'credentials-expired', detail: 'the agent opened no tunnel in time', at };
      return { status: 'required', since: at, spent: spend(state, event.data.credentialsId, 'credentials-expired'), lastFailure: failure };
    }
    case 'TunnelOpenFailed': {
      const { reason, detail } = event.data;
      return { status: 'required', since: at, spent: spend(state, event.data.credentialsId, 'credentials-revoked'), lastFailure: { reason, detail, at } };
    }
    case 'TunnelOpened': {
      if (state.status !== 'opening') return state;
      const { controlPlaneNode, epoch } = event.data;
      return { status: 'open', since: at, spent, lastFailure: null, grant: state.grant, holder: { controlPlaneNode, epoch } };
    }
    case 'TunnelLost': {
      const failure = { reason: event.data.reason, detail: 'the tunnel was lost', at };
      return { status: 'required', since: at, spent: spend(state, event.data.credentialsId, 'credentials-used'), lastFailure: failure };
    }
    case 'TunnelClosed':
      return { status: 'closed', since: at, spent: spend(state, event.data.credentialsId, 'credentials-used'), lastFailure: null };
    case 'TunnelCredentialsRevoked':
      return { ...state, spent: spend(state, event.data.credentialsId, 'credentials-revoked') };
    case 'TunnelRequirementLapsed':
      return { status: 'closed', since: at, spent, lastFailure };
  }
}

export const tunnelDecider: Decider<TunnelState, TunnelCommand, TunnelEvent> = {
  initialState: { status: 'closed', since: null, spent: [], lastFailure: null },
  decide,
  evolve,
};
