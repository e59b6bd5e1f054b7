/**
 * Tells live clients what the read models committed. Nothing is queued for a client but its place among the changes that are in memory
 * for all: it is written to at most four times a second, each time with all that is new since, and not before it took what came before.
 */
import type { Change } from '../../projections/changes/change.ts';
import type { ChangeMark, LiveChanges } from '../../projections/changes/recent-changes.ts';
import { mergeChange } from '../../projections/changes/change.ts';
import type { Clock } from '../../services/application/clock.ts';
import type { Principal } from '../../services/application/ports/accounts.ts';
import type { EnvironmentAccess } from '../../services/application/ports/users.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { LiveFilter } from './live-filter.ts';
import { encodeLive, type LiveFormat, type LiveMessage } from './live-message.ts';
import { createSight, type Sight } from './sight.ts';

/** One client's connection. */
export interface LiveTransport {
  readonly format: LiveFormat;
  /** Whether what was written last is still on its way, beyond what may be. */
  isBusy(): boolean;
  write(encoded: Buffer): void;
  /** Says nothing, so that nobody between takes the connection for dead. @param position where the client is as far as that */
  beat(position: string | undefined): void;
  /** It took nothing for too long. */
  cut(): void;
}

export interface LiveClient {
  refilter(filter: LiveFilter): void;
  leave(): void;
}

export interface LiveHub {
  /** @param after the position up to which the client was told before */
  join(client: { readonly principal: Principal; readonly filter: LiveFilter; readonly transport: LiveTransport; readonly after: string | undefined }): LiveClient;
}

interface Member {
  readonly sight: Sight;
  readonly transport: LiveTransport;
  filter: LiveFilter;
  /** Of the changes, those up to this sequence were told. */
  told: number;
  writtenAtMs: number;
  /** Since when it takes nothing; undefined while it does. */
  busySinceMs: number | undefined;
}

/** How often it is looked who is to be written to, while there is something to write. */
const TURN_MS = 25;
/** Of the clients, an eighth in each turn and at least so many, so that a crowd is spread over the time between two writes. */
const LEAST_IN_TURN = 128;
/** Over so many changes in one write a client is better off asking for everything again. */
const MOST_CHANGES = 1_000;

export function createLiveHub({
  changes,
  visibilityFor,
  clock,
  limits,
}: {
  readonly changes: LiveChanges;
  readonly visibilityFor: EnvironmentAccess['visibilityFor'];
  readonly clock: Clock;
  readonly limits: Pick<GatewayLimits, 'liveSpacingMs' | 'liveHeartbeatMs' | 'liveStallMs'>;
}): LiveHub {
  /** Who was written to longest ago comes first. */
  const members = new Set<Member>();
  const sights = new Map<string, { readonly sight: Sight; members: number }>();
  let learnt = changes.now().sequence;
  let stopTurns: (() => void) | undefined;
  let stopBeats: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;

  function onCommitted(): void {
    const { sequence } = changes.now();
    const news = changes.since(learnt);
    learnt = sequence;
    for (const { sight } of sights.values()) {
      if (news === undefined) sight.forget();
      else news.forEach(sight.learn);
    }
    takeTurns();
  }

  function takeTurns(): void {
    if (members.size > 0) stopTurns ??= clock.every(TURN_MS, turn);
  }

  function turn(): void {
    const nowMs = clock.now();
    const now = changes.now();
    const encoded = new Map<string, Buffer | 'nothing' | 'unknown'>();
    let left = Math.max(LEAST_IN_TURN, Math.ceil(members.size / 8));
    let isDone = true;
    for (const member of members) {
      if (member.told === now.sequence) continue;
      if (left === 0 || nowMs - member.writtenAtMs < limits.liveSpacingMs || member.transport.isBusy()) isDone = false;
      else if (!serve(member, now, nowMs, encoded)) isDone = false;
      else left -= 1;
    }
    if (!isDone) return;
    stopTurns?.();
    stopTurns = undefined;
  }

  /** False where it has to be tried again. Whoever is as far and sees the same is written the same bytes. */
  function serve(member: Member, now: ChangeMark, nowMs: number, encoded: Map<string, Buffer | 'nothing' | 'unknown'>): boolean {
    const { filter, sight, transport } = member;
    const key = `${member.told} ${transport.format} ${filter.key} ${sight.key}`;
    let bytes = encoded.get(key);
    if (bytes === undefined) {
      bytes = encodeSince(member, now);
      encoded.set(key, bytes);
    }
    if (bytes === 'unknown') return false;
    member.told = now.sequence;
    if (bytes !== 'nothing') write(member, bytes, nowMs);
    return true;
  }

  function encodeSince({ told, filter, sight, transport }: Member, mark: ChangeMark): Buffer | 'nothing' | 'unknown' {
    const position = mark.position ?? null;
    const tooMany = (): Buffer => encodeLive({ type: 'reset', position, reason: 'too-many-changes' }, transport.format);
    const news = changes.since(told);
    if (news === undefined) return tooMany();
    const bySubject = new Map<string, Change>();
    let isKnown = true;
    for (const change of news) {
      if (!filter.passes(change)) continue;
      const sees = sight.sees(change);
      if (sees === undefined) isKnown = false;
      else if (sees) mergeChange(bySubject, change);
    }
    if (!isKnown) return 'unknown';
    if (bySubject.size === 0) return 'nothing';
    if (bySubject.size > MOST_CHANGES) return tooMany();
    return encodeLive({ type: 'change', position, changes: [...bySubject.values()] }, transport.format);
  }

  function write(member: Member, bytes: Buffer, nowMs: number): void {
    member.writtenAtMs = nowMs;
    // To the end of the line.
    if (members.delete(member)) members.add(member);
    member.transport.write(bytes);
  }

  function beat(): void {
    const nowMs = clock.now();
    const now = changes.now();
    for (const member of [...members]) {
      const { transport } = member;
      if (!transport.isBusy()) member.busySinceMs = undefined;
      else member.busySinceMs ??= nowMs;
      if (member.busySinceMs !== undefined) {
        if (nowMs - member.busySinceMs >= limits.liveStallMs) transport.cut();
      } else if (nowMs - member.writtenAtMs >= limits.liveHeartbeatMs) {
        member.writtenAtMs = nowMs;
        transport.beat(member.told === now.sequence ? now.position : undefined);
      }
    }
  }

  function sightOf(principal: Principal): Sight {
    const isVisible = visibilityFor(principal);
    const options = { clock, onKnown: takeTurns };
    if (isVisible === undefined) return createSight(principal, undefined, options);
    const shared = sights.get(principal.userId) ?? { sight: createSight(principal, isVisible, options), members: 0 };
    shared.members += 1;
    sights.set(principal.userId, shared);
    return shared.sight;
  }

  function leaveSight({ userId }: Principal, { key }: Sight): void {
    const shared = sights.get(userId);
    if (shared === undefined || shared.sight.key !== key) return;
    shared.members -= 1;
    if (shared.members === 0) sights.delete(userId);
  }

  function watchedPolls({ kinds, environmentIds }: LiveFilter): () => void {
    return kinds.has('poll') && environmentIds !== undefined ? changes.watchPolls([...environmentIds]) : () => undefined;
  }

  return {
    join({ principal, filter, transport, after }) {
      const sight = sightOf(principal);
      const nowMs = clock.now();
      if (members.size === 0) {
        learnt = changes.now().sequence;
        unsubscribe = changes.onCommitted(onCommitted);
        stopBeats = clock.every(limits.liveHeartbeatMs / 4, beat);
      }
      const now = changes.now();
      const from = after === undefined ? undefined : changes.markAt(after);
      const member: Member = { sight, transport, filter, told: (from ?? now).sequence, writtenAtMs: nowMs, busySinceMs: undefined };
      members.add(member);
      let stopPolls = watchedPolls(filter);
      const first: LiveMessage =
        after !== undefined && from === undefined
          ? { type: 'reset', position: now.position ?? null, reason: 'position-not-remembered' }
          : { type: 'ready', position: (from ?? now).position ?? null, resumed: from !== undefined };
      transport.write(encodeLive(first, transport.format));
      if (member.told !== now.sequence) takeTurns();
      return {
        refilter(changed) {
          const before = stopPolls;
          stopPolls = watchedPolls(changed);
          before();
          member.filter = changed;
        },
        leave() {
          if (!members.delete(member)) return;
          leaveSight(principal, sight);
          stopPolls();
          if (members.size > 0) return;
          stopTurns?.();
          stopTurns = undefined;
          stopBeats?.();
          unsubscribe?.();
        },
      };
    },
  };
}
