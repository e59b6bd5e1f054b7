/** Decides which tunnel identity is in use, and which former ones agents accept still. Its events are on `settings`. */
import type { Decider } from './decider.ts';
import type { Instant, TunnelCertificateEvent } from './events.ts';
import { nextVersion } from './next-version.ts';
import { Refusal } from './refusal.ts';

/** A tunnel identity that another has followed, and that agents accept still. */
export interface FormerTunnelCertificate {
  /** SHA-256 over the SPKI, base64. */
  readonly fingerprint: string;
  readonly acceptedUntil: Instant;
}

/** That one identity followed another. */
export interface RecordedSuccession {
  readonly formerFingerprint: string;
  readonly fingerprint: string;
  /** An encoded SignedSuccession of the protocol, base64. */
  readonly succession: string;
}

/**
 * ```
 *   the first ── TunnelCertificateRotated ──▶ in use ──┐
 *                    ▲                        former, accepted ── TunnelCertificateRetired ──▶ known by successions alone
 *                    └─────────────────────────────────┘
 * ```
 */
export interface TunnelCertificateState {
  /** Of the one in use; null until the first rotation, while it is the one that the installation began with. */
  readonly fingerprint: string | null;
  /** Since when; null as above. */
  readonly since: Instant | null;
  /** The latest last. */
  readonly formers: readonly FormerTunnelCertificate[];
  /** Of all rotations ever, in order. */
  readonly successions: readonly RecordedSuccession[];
  /** Higher after each change; 0 before the first. The instant of the last change, so that it grows on after a backup was restored. */
  readonly version: number;
}

export type TunnelCertificateCommand =
  | {
      readonly type: 'rotate';
      readonly at: Instant;
      readonly fingerprint: string;
      readonly formerFingerprint: string;
      /** Null: from now on not at all, and no earlier one either, as their keys may have leaked. */
      readonly formerAcceptedUntil: Instant | null;
      readonly succession: string;
    }
  /** Ends all former ones. */
  | { readonly type: 'retire-formers'; readonly at: Instant }
  /** Ends those whose time is over. */
  | { readonly type: 'retire-due'; readonly at: Instant };

/** Former ones that agents accept at a time, beside the one in use; of more the oldest is left out. */
const mostFormers = 7;

function decide(command: TunnelCertificateCommand, state: TunnelCertificateState): readonly TunnelCertificateEvent[] {
  const { at } = command;
  const retired = (formers: readonly FormerTunnelCertificate[], reason: 'time-over' | 'ended-by-admin'): TunnelCertificateEvent[] =>
    formers.map(({ fingerprint }) => ({ type: 'TunnelCertificateRetired', data: { at, fingerprint, reason } }));
  switch (command.type) {
    case 'rotate': {
      const { type: _type, ...data } = command;
      if (state.fingerprint !== null && state.fingerprint !== command.formerFingerprint) {
        throw new Refusal('tunnel-certificate-replaced', 'the tunnel certificate was rotated meanwhile');
      }
      return [{ type: 'TunnelCertificateRotated', data }];
    }
    case 'retire-formers':
      return retired(state.formers, 'ended-by-admin');
    case 'retire-due':
      return retired(state.formers.filter(({ acceptedUntil }) => acceptedUntil <= at), 'time-over');
  }
}

function evolve(state: TunnelCertificateState, event: TunnelCertificateEvent): TunnelCertificateState {
  switch (event.type) {
    case 'TunnelCertificateRotated': {
      const { at, fingerprint, formerFingerprint, formerAcceptedUntil, succession } = event.data;
      const former = formerAcceptedUntil === null ? undefined : { fingerprint: formerFingerprint, acceptedUntil: formerAcceptedUntil };
      return {
        fingerprint,
        since: at,
        formers: former === undefined ? [] : [...state.formers, former].slice(-mostFormers),
        successions: [...state.successions, { formerFingerprint, fingerprint, succession }],
        version: nextVersion(state.version, at),
      };
    }
    case 'TunnelCertificateRetired':
      return { ...state, formers: state.formers.filter(({ fingerprint }) => fingerprint !== event.data.fingerprint), version: nextVersion(state.version, event.data.at) };
    default:
      // What else is on `settings`.
      return state;
  }
}

/** Decides on the installation's tunnel certificate: its rotations, and the end of former ones. */
export const tunnelCertificateDecider: Decider<TunnelCertificateState, TunnelCertificateCommand, TunnelCertificateEvent> = {
  initialState: { fingerprint: null, since: null, formers: [], successions: [], version: 0 },
  decide,
  evolve,
};
